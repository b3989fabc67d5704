import { mkdir, unlink } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { SupervisorOptions } from '../options.ts';
import { stateLayout } from '../state/layout.ts';
import { clearFolder } from '../state/leftovers.ts';
import { lockState } from '../state/lock.ts';
import { supervisorServer } from './server.ts';
import { supervisorSocketPath } from './socket-path.ts';
import { openServiceTable } from './table.ts';

const boundLogsMs = 5_000;

/**
 * The process that services are children of, so that they outlive the agent. It is killed and started again without
 * harm: services are their own sessions, and the next supervisor adopts them. Resolves when it has ended: by its
 * signal, by a handover (services run on in both), or when it had nothing to do for `idleMs`.
 * @throws XylemError E_DRIVER_UNSUPPORTED off Linux, E_STATE_LOCKED when another supervisor runs
 */
export async function runSupervisor(options: SupervisorOptions): Promise<void> {
  const { stateFolder, clock, randomness, log } = options;
  if (process.platform !== 'linux') {
    throw new XylemError(
      'E_DRIVER_UNSUPPORTED',
      `components of kind service need Linux (this is ${process.platform}); components of kind files work here`,
    );
  }
  const layout = stateLayout(stateFolder);
  await mkdir(layout.supervisor, { recursive: true, mode: 0o700 });
  await mkdir(layout.logs, { recursive: true, mode: 0o700 });
  const lock = await lockState(`${layout.supervisor}/lock`, randomness);
  await clearFolder(layout.supervisor, clock.now());
  const over = new AbortController();
  const end = (): void => over.abort();
  options.signal?.addEventListener('abort', end, { once: true });
  if (options.signal?.aborted === true) end();
  try {
    const table = await openServiceTable({
      supervisorFolder: layout.supervisor,
      logsFolder: layout.logs,
      clock,
      randomness,
      log,
      changed: (component) => server.broadcast({ event: 'changed', component }),
    });
    let idleSince = clock.monotonicMs();
    const server = supervisorServer(table, end, () => {
      idleSince = clock.monotonicMs();
    });
    const path = supervisorSocketPath(stateFolder);
    await unlink(path).catch(() => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    log.info('supervisor runs', { pid: process.pid, services: table.size() });

    const idleMs = options.idleMs ?? 60_000;
    while (!over.signal.aborted) {
      await clock.sleep(Math.min(boundLogsMs, idleMs), over.signal).catch(() => undefined);
      table.boundLogs();
      const busy = table.size() > 0 || server.connections() > 0;
      if (busy) idleSince = clock.monotonicMs();
      else if (clock.monotonicMs() - idleSince >= idleMs) break;
    }
    await table.abandon();
    await closed(server);
  } finally {
    options.signal?.removeEventListener('abort', end);
    await lock.release();
  }
}

/** The socket's file goes with the server; connections are ended politely. */
function closed(server: ReturnType<typeof supervisorServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAll();
  });
}
