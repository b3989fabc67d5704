import type { ClientRequest, IncomingMessage } from 'node:http';
import { XylemError } from '@xylem/core';

/** Less than this, over so much time in which somebody waited for bytes, is no transfer any more. */
export interface SlowestTransfer {
  readonly bytesPerSecond: number;
  readonly overMs: number;
}

/** What comes down a shared, bad line still passes; a sender who keeps a host waiting on purpose does not. */
export const slowestTransfer: SlowestTransfer = { bytesPerSecond: 1024, overMs: 30_000 };

/** Says of an answer that its sender holds it up on purpose: docs/spec/bandwidth.md. */
export const pacedHeader = 'xylem-paced';

/** One that says so has less to do, and not nothing. */
export const slowestPaced: SlowestTransfer = { bytesPerSecond: 64, overMs: 120_000 };

const slots = 10;

/**
 * Ends a body that trickles: any byte now and then keeps an idle time-out away for ever. Time counts only while
 * nothing waits to be read, so that a reader who is slow itself does not blame the sender.
 */
export function guardRate(body: IncomingMessage, name: string, slowest: SlowestTransfer): void {
  const { socket } = body;
  const slotMs = slowest.overMs / slots;
  const leastBytes = (slowest.bytesPerSecond * slowest.overMs) / 1000;
  let waited = 0;
  let bytes = 0;
  let before = { read: socket.bytesRead, isWaiting: true };
  const timer = setInterval(() => {
    const now = { read: socket.bytesRead, isWaiting: body.readableLength === 0 };
    if (before.isWaiting && now.isWaiting) {
      waited += 1;
      bytes += now.read - before.read;
    }
    before = now;
    if (waited < slots) return;
    if (bytes < leastBytes) {
      const message = `${name} sends too slowly: ${bytes} bytes in ${slowest.overMs / 1000} s.`;
      body.destroy(new XylemError('E_PARENT_UNREACHABLE', message, { retry: 'elsewhere' }));
    }
    waited = 0;
    bytes = 0;
  }, slotMs);
  timer.unref();
  body.once('close', () => clearInterval(timer));
}

/**
 * Bounds what comes before the body, whatever trickles: TLS once it is connected, and once the request is sent, to have
 * the head of the answer.
 */
export function guardAnswer(
  outgoing: ClientRequest,
  isTls: boolean,
  connectMs: number,
  answerMs: number,
): void {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  const start = (what: string, withinMs: number): void => {
    stop();
    timer = setTimeout(() => outgoing.destroy(new Error(`${what} for ${withinMs} ms`)), withinMs);
    timer.unref();
  };
  outgoing.once('socket', (socket) => {
    if (outgoing.reusedSocket || (!isTls && !socket.connecting)) return;
    start('no connection', connectMs);
    socket.once(isTls ? 'secureConnect' : 'connect', stop);
  });
  outgoing.once('finish', () => start('no answer', answerMs));
  outgoing.once('response', stop);
  outgoing.once('close', stop);
}
