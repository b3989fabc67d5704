import type { ClientRequest } from 'node:http';
import { systemClock } from '../clock.ts';

/** A server that closed a kept connection had done so before the request came, or shortly after. */
const closedWithinMs = 5_000;

/** A kept connection was closed by the other side as the request was sent: it may be sent over another one. */
export class StaleConnection extends Error {}

/**
 * Tells a request that met a closing connection from one that broke while it was held or answered. A server closes what
 * was not used for a while, and its word of that may cross the next request (RFC 9112, 9.3.1).
 */
export function watchStale(outgoing: ClientRequest): (cause: Error) => boolean {
  const begunMs = systemClock.monotonicMs();
  let isAnswered = false;
  outgoing.once('response', () => {
    isAnswered = true;
  });
  return (cause) => {
    const { code } = cause as NodeJS.ErrnoException;
    if (!outgoing.reusedSocket || isAnswered) return false;
    if (code !== 'ECONNRESET' && code !== 'EPIPE') return false;
    return systemClock.monotonicMs() - begunMs < closedWithinMs;
  };
}

/** Ends: each attempt leaves one kept connection less, and a new one that breaks is no stale one. */
export async function beyondStale<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
    }
  }
}
