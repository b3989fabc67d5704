import { mkdir, unlink } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import type { SupervisorOptions } from '../../options.ts';
import { stateLayout } from '../../state/layout.ts';
import { clearFolder } from '../../state/leftovers.ts';
import { lockState } from '../../state/lock.ts';
import { readLines, writeLine } from '../../supervisor/lines.ts';
import { localSocketPath } from '../../supervisor/socket-path.ts';
import { type ForwarderAnswer, forwarderProtocol, parseRoute } from './protocol.ts';
import { openRouteTable, type RouteTable } from './table.ts';

/**
 * The process through which clients reach services that change their version without a gap. It is a supervised service
 * itself, so that it outlives the agent. Resolves when its signal has ended it.
 * @throws XylemError E_STATE_LOCKED when another one runs
 */
export async function runForwarder(options: SupervisorOptions): Promise<void> {
  const { stateFolder, clock, randomness, log } = options;
  const folder = stateLayout(stateFolder).router;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await lockState(`${folder}/lock`, randomness);
  await clearFolder(folder, clock.now());
  try {
    const table = await openRouteTable(folder, clock, log);
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
      readLines(socket, (line) => void answer(table, line).then((reply) => writeLine(socket, reply)));
    });
    const path = localSocketPath(stateFolder, 'router');
    await unlink(path).catch(() => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    log.info('forwarder runs', { pid: process.pid, routes: table.list().length });
    await ended(options.signal);
    table.close();
    server.close();
    for (const socket of open) socket.destroy();
  } finally {
    await lock.release();
  }
}

async function answer(table: RouteTable, line: unknown): Promise<ForwarderAnswer> {
  const request = (typeof line === 'object' && line !== null ? line : {}) as Record<string, unknown>;
  const own = { protocol: forwarderProtocol, pid: process.pid };
  const refuse = (message: string): ForwarderAnswer => ({ ...own, ok: false, message });
  try {
    if (request.op === 'route') {
      const route = parseRoute(request.route);
      if (route === null) return refuse('route without a route');
      await table.route(route);
    } else if (request.op === 'release') {
      await table.release(String(request.component));
    } else if (request.op !== 'list') {
      return refuse(`no operation ${String(request.op)} in protocol ${forwarderProtocol}`);
    }
    return { ...own, ok: true, routes: table.list() };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function ended(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
