import { limits, parseTaken, proofsHeader, type Taken } from '@xylem/core';
import { type HttpClient, packBody, readBody, unpackBody } from '@xylem/platform';

export interface PostsUp {
  readonly http: HttpClient;
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
 * @throws XylemError E_PARENT_UNREACHABLE, E_PROXY, E_NETWORK, E_TOO_LARGE, E_REPORT_INVALID (the answer)
 */
export async function postUp(
  { http, signal }: PostsUp,
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
  const {
    status,
    headers: answered,
    body: text,
  } = await http.request({
    method: 'POST',
    url,
    headers,
    body,
    signal,
    repeatable: true,
  });
  const rules = {
    maxBytes: limits.reportBatch,
    what: `The answer of ${parent}`,
    code: 'E_NETWORK',
  } as const;
  const answer = await readBody(text, rules.maxBytes, rules.what);
  if (status !== good) return { status, taken: null };
  return { status, taken: parseTaken(await unpackBody(answer, answered['content-encoding'], rules)) };
}
