import { createConnection, type Socket } from 'node:net';
import { isErrorCode, XylemError } from '@xylem/core';
import { readLines, writeLine } from './lines.ts';
import type { SupervisorRequest } from './protocol.ts';

type Operation = SupervisorRequest extends infer R
  ? R extends { id: number }
    ? Omit<R, 'id'>
    : never
  : never;

/** One connection to a supervisor. Requests are answered in any order. */
export interface SupervisorConnection {
  /** @throws XylemError E_SUPERVISOR when the connection breaks or no answer comes in time */
  ask(operation: Operation, timeoutMs: number): Promise<unknown>;
  close(): void;
}

/** The last: who listened ended before it took the connection. */
const nobodyThere: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET']);

/** @returns null when nothing listens there */
export function connectSupervisor(
  path: string,
  heard: { changed(component: string): void; closed(byUs: boolean): void },
): Promise<SupervisorConnection | null> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== undefined && nobodyThere.has(error.code)) resolve(null);
      else reject(broken(`${path}: ${error.message}`, error));
    });
    socket.once('connect', () => resolve(converse(socket, heard)));
  });
}

function converse(
  socket: Socket,
  heard: { changed(component: string): void; closed(byUs: boolean): void },
): SupervisorConnection {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let isLetGo = false;
  readLines(socket, (value) => {
    const line = (value ?? {}) as Record<string, unknown>;
    if (line.event === 'changed') {
      heard.changed(textOf(line.component));
      return;
    }
    const asked = waiting.get(Number(line.id));
    if (line.ok === true) asked?.resolve(line.result);
    else asked?.reject(refusal(line));
  });
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    for (const { reject } of waiting.values()) reject(broken('the supervisor ended the connection'));
    heard.closed(isLetGo);
  });
  return {
    ask: async (operation, timeoutMs) => {
      lastId += 1;
      const id = lastId;
      let timer: NodeJS.Timeout | undefined;
      try {
        return await new Promise<unknown>((resolve, reject) => {
          if (socket.destroyed) reject(broken('the connection to the supervisor is closed'));
          waiting.set(id, { resolve, reject });
          timer = setTimeout(
            () => reject(broken(`no answer to ${operation.op} in ${timeoutMs} ms`)),
            timeoutMs,
          );
          writeLine(socket, { id, ...operation });
        });
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    close: () => {
      isLetGo = true;
      socket.destroy();
    },
  };
}

function refusal(line: Record<string, unknown>): XylemError {
  const code = textOf(line.code);
  return new XylemError(
    isErrorCode(code) ? code : 'E_SUPERVISOR',
    `The supervisor refused: ${textOf(line.message)}`,
  );
}

function broken(message: string, cause?: unknown): XylemError {
  return new XylemError('E_SUPERVISOR', `The supervisor can't be asked: ${message}`, { cause });
}

/** An object may have a `toString` of its own that is no function. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
