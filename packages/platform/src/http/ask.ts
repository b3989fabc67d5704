import type { TLSSocket } from 'node:tls';
import type { ProbeSeen } from '@xylem/core';
import type { Clock } from '../clock.ts';
import { addressIn, lookupAlways, lookupWithin } from './addresses.ts';
import { createHttpClient, type HttpResponse } from './client.ts';
import { faultCode } from './fault-code.ts';
import { clientFor } from './named.ts';

/** So much of an answer is searched for a text. */
const maxBytes = 256 * 1024;
/** To be connected takes less than everything: so it shows which of the two it was. */
const marginMs = 100;

export interface Asked {
  readonly url: string;
  /**
   * Which addresses may be connected to, through no proxy, whose own network would be reached. Null: any, and through the
   * proxy that this process was told of.
   */
  readonly allows: ((address: string) => boolean) | null;
  /** The address that is connected to whatever the name in the URL leads to. */
  readonly at?: string;
  /** PEM, instead of the authorities that this machine trusts. */
  readonly ca: string | undefined;
  /** What is searched for. */
  readonly contains: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks an address that somebody named, once, by GET. Bounded in bytes and time; no redirect is followed: it is an
 * answer like any other. Nothing of what is answered is handed on but its status and whether the text was there.
 */
export async function askOut(clock: Pick<Clock, 'monotonicMs'>, asked: Asked): Promise<ProbeSeen> {
  const { url, allows, at, ca, contains, timeoutMs, signal } = asked;
  const inside = { kind: 'failed', why: 'the address lies in a network inside' } as const;
  const named = addressIn(url) ?? at;
  if (named !== undefined && allows?.(named) === false) return inside;
  const isTls = url.startsWith('https:');
  const trust = ca === undefined ? {} : { tls: { ca } };
  const client =
    allows === null
      ? clientFor(url, trust)
      : createHttpClient({ ...trust, lookup: at === undefined ? lookupWithin(allows) : lookupAlways(at) });
  const deadline = AbortSignal.timeout(timeoutMs);
  const begunMs = clock.monotonicMs();
  try {
    const answer = await client.request({
      method: 'GET',
      url,
      headers: { accept: '*/*', 'user-agent': 'xylem-verify' },
      signal: AbortSignal.any([signal, deadline]),
      idleTimeoutMs: timeoutMs - marginMs,
    });
    // It is gone with the connection.
    const certificateUntil = isTls ? certificateEnd(answer) : null;
    const found = await search(answer, contains);
    const millis = Math.round(clock.monotonicMs() - begunMs);
    return { kind: 'answered', status: answer.status, millis, found, certificateUntil };
  } catch (cause) {
    const code = faultCode(cause);
    if (code === 'inside') return inside;
    if (noConnection(cause, code))
      return { kind: 'unreached', why: `no connection: ${code ?? 'none in time'}` };
    const isLate = deadline.aborted || clock.monotonicMs() - begunMs >= timeoutMs - marginMs;
    if (isLate) return { kind: 'failed', why: `no answer within ${timeoutMs / 1000} s` };
    return { kind: 'failed', why: code === null ? 'no answer' : `no answer: ${code}` };
  } finally {
    client.close();
  }
}

const certificateEnd = ({ socket }: HttpResponse): number | null =>
  (socket as TLSSocket).getPeerX509Certificate()?.validToDate.getTime() ?? null;

/** Reads to the end, or as far as is needed. @returns whether it is there; null: nothing is searched for */
async function search({ body }: HttpResponse, contains: string | undefined): Promise<boolean | null> {
  let bytes = Buffer.alloc(0);
  const wanted = contains === undefined ? null : Buffer.from(contains);
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, piece]);
    if (bytes.length >= maxBytes || (wanted !== null && bytes.includes(wanted))) break;
  }
  return wanted === null ? null : bytes.subarray(0, maxBytes).includes(wanted);
}

/** Codes of a network that does not lead there; a machine that is there and refuses is another thing. */
const withoutWay = new Set([
  'EAI_AGAIN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

function noConnection(cause: unknown, code: string | null): boolean {
  if (code !== null) return withoutWay.has(code);
  for (let at: unknown = cause; at instanceof Error; at = at.cause)
    if (at.message.startsWith('no connection')) return true;
  return false;
}
