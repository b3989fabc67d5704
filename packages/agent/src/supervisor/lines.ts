import type { Socket } from 'node:net';
import { maxLineBytes } from './protocol.ts';

/** Calls `onLine` with each parsed line of `socket`; what is not JSON or too long ends the connection. */
export function readLines(socket: Socket, onLine: (value: unknown) => void): void {
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => {
    pending += piece;
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        socket.destroy();
        return;
      }
      onLine(value);
    }
    if (pending.length > maxLineBytes) socket.destroy();
  });
}

export function writeLine(socket: Socket, value: unknown): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(value)}\n`);
}
