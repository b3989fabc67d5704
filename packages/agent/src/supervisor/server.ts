import { createServer, type Server, type Socket } from 'node:net';
import { XylemError } from '@xylem/core';
import { parseProcessIdentity } from '../state/process-identity.ts';
import { readLines, writeLine } from './lines.ts';
import {
  isVariables,
  parseServiceSpec,
  type SupervisorAnswer,
  type SupervisorEvent,
  supervisorProtocol,
} from './protocol.ts';
import type { ServiceTable } from './table.ts';

/** Answers requests over the unix socket. `onIdle` hears when the last connection has gone. */
export function supervisorServer(
  table: ServiceTable,
  onHandover: () => void,
  onIdle: () => void,
): Server & {
  broadcast(event: SupervisorEvent): void;
  connections(): number;
  closeAll(): void;
} {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      open.delete(socket);
      if (open.size === 0) onIdle();
    });
    readLines(socket, (line) => {
      void answer(table, line, onHandover).then((reply) => writeLine(socket, reply));
    });
  });
  return Object.assign(server, {
    broadcast: (event: SupervisorEvent) => {
      for (const socket of open) writeLine(socket, event);
    },
    connections: () => open.size,
    closeAll: () => {
      for (const socket of open) socket.end();
    },
  });
}

async function answer(table: ServiceTable, line: unknown, onHandover: () => void): Promise<SupervisorAnswer> {
  const request = (typeof line === 'object' && line !== null ? line : {}) as Record<string, unknown>;
  const id = typeof request.id === 'number' ? request.id : 0;
  const refuse = (message: string): SupervisorAnswer => ({ id, ok: false, code: 'E_UNSUPPORTED', message });
  try {
    switch (request.op) {
      case 'hello':
        return { id, ok: true, result: { protocol: supervisorProtocol, pid: process.pid } };
      case 'list':
        return { id, ok: true, result: table.list() };
      case 'start': {
        const spec = parseServiceSpec(request.spec);
        if (spec === null) return refuse('start without a service spec');
        await table.start(spec, isVariables(request.secrets) ? request.secrets : {});
        return { id, ok: true, result: null };
      }
      case 'stop':
        await table.stop(String(request.instance ?? request.component));
        return { id, ok: true, result: null };
      case 'adopt': {
        const spec = parseServiceSpec(request.spec);
        const running = parseProcessIdentity(request.process);
        if (spec === null || running === null) return refuse('adopt without a service spec or a process');
        const secrets = isVariables(request.secrets) ? request.secrets : {};
        await table.adopt(spec, secrets, { process: running, path: String(request.path) });
        return { id, ok: true, result: null };
      }
      case 'disown':
        await table.disown(String(request.instance));
        return { id, ok: true, result: null };
      case 'handover':
        onHandover();
        return { id, ok: true, result: null };
      default:
        return refuse(`no operation ${String(request.op)} in protocol ${supervisorProtocol}`);
    }
  } catch (error) {
    return {
      id,
      ok: false,
      code: error instanceof XylemError ? error.code : 'E_INTERNAL',
      message: error instanceof Error ? error.message : String(error),
    };
  }
}
