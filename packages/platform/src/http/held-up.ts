import type { ClientRequest } from 'node:http';
import type { Turns } from '../serving/paced-link.ts';
import type { HttpRequest } from './client.ts';

export interface HeldUp {
  readonly body: HttpRequest['body'];
  /** Nothing is sent because this node itself holds it up: no fault of who should answer. */
  readonly isWaiting: () => boolean;
}

/** A body that goes no faster than its link may carry (docs/spec/bandwidth.md, Limits). */
export function heldUp(
  { url, body }: HttpRequest,
  turnsUp: ((url: string) => Turns | null) | undefined,
  outgoing: ClientRequest,
): HeldUp {
  const turns = body === undefined ? null : (turnsUp?.(url) ?? null);
  if (body === undefined || turns === null) return { body, isWaiting: () => false };
  const over = new AbortController();
  outgoing.once('close', () => over.abort());
  let isWaiting = false;
  const take = async (bytes: number): Promise<number> => {
    isWaiting = true;
    try {
      return await turns.take(bytes, over.signal);
    } finally {
      isWaiting = false;
    }
  };
  return { body: inTurns(body, take), isWaiting: () => isWaiting };
}

async function* inTurns(
  body: NonNullable<HttpRequest['body']>,
  take: (bytes: number) => Promise<number>,
): AsyncGenerator<Uint8Array> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  for await (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
    for (let at = 0; at < piece.length; ) {
      const now = await take(piece.length - at);
      yield piece.subarray(at, at + now);
      at += now;
    }
  }
}
