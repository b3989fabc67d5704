import type { ClientRequest } from 'node:http';
import { Allowance } from '../serving/allowance.ts';
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
  const allowance = new Allowance(turns, over.signal);
  let isWaiting = false;
  const take = async (bytes: number, toCome: number | undefined): Promise<number> => {
    isWaiting = true;
    try {
      return await allowance.take(bytes, toCome);
    } finally {
      isWaiting = false;
    }
  };
  return { body: inTurns(body, allowance, take), isWaiting: () => isWaiting };
}

async function* inTurns(
  body: NonNullable<HttpRequest['body']>,
  allowance: Allowance,
  take: (bytes: number, toCome: number | undefined) => Promise<number>,
): AsyncGenerator<Uint8Array> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const isWhole = bytes instanceof Uint8Array;
  try {
    for await (const piece of isWhole ? [bytes] : bytes) {
      for (let at = 0; at < piece.length; ) {
        const here = piece.length - at;
        const now = await take(here, isWhole ? here : undefined);
        yield piece.subarray(at, at + now);
        at += now;
      }
    }
  } finally {
    allowance.giveBack();
  }
}
