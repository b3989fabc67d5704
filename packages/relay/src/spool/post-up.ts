import { limits, parseTaken, proofsHeader, type Taken } from '@xylem/core';
import { type Clock, type HttpClient, packBody, readBody, unpackBody } from '@xylem/platform';
import { sentWithinMs, within } from '@xylem/store';

export interface PostsUp {
  readonly http: HttpClient;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
}

interface Posted {
  readonly path: '/reports' | '/watermarks';
  readonly body: Uint8Array;
  /** Whether all for whom it asks read proofs. */
  readonly readsProofs: boolean;
  /** The status of an answer with watermarks. */
  readonly good: 200 | 202;
}

/**
 * What a parent answered; `taken` is null where its status is another than hoped for.
 * @throws XylemError E_PARENT_UNREACHABLE, E_PARENT_STALE, E_PROXY, E_NETWORK, E_TOO_LARGE, E_REPORT_INVALID (the answer)
 */
export async function postUp(
  { http, clock, signal: over }: PostsUp,
  parent: string,
  { path, body: plain, readsProofs, good }: Posted,
): Promise<{ readonly status: number; readonly taken: Taken | null }> {
  const { body, headers: packed } = await packBody(plain);
  const headers = {
    'content-type': 'application/json',
    'accept-encoding': 'zstd',
    ...packed,
    ...(readsProofs ? { [proofsHeader]: '1' } : {}),
  };
  const url = `${parent.replace(/\/+$/, '')}${path}`;
  const rules = {
    maxBytes: limits.reportBatch,
    what: `The answer of ${parent}`,
    code: 'E_NETWORK',
  } as const;
  const { status, encoding, answer } = await within(clock, sentWithinMs, rules.what, over, async (signal) => {
    const given = await http.request({ method: 'POST', url, headers, body, signal, repeatable: true });
    return {
      status: given.status,
      encoding: given.headers['content-encoding'],
      answer: await readBody(given.body, rules.maxBytes, rules.what),
    };
  });
  if (status !== good) return { status, taken: null };
  return { status, taken: parseTaken(await unpackBody(answer, encoding, rules)) };
}
