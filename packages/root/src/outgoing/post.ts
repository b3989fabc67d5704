import { XylemError } from '@xylem/core';
import {
  clientFor,
  createHttpClient,
  faultCode,
  namesInnerAddress,
  outerLookup,
  readBody,
} from '@xylem/platform';

const deadlineMs = 15_000;
const maxBytes = 16 * 1024;

export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** False: to the public network alone, and through no proxy, whose own network would be reached. */
  readonly anywhere: boolean;
  readonly signal: AbortSignal;
}

export interface Posted {
  readonly status: number;
  /** As the receiver asks for it, in milliseconds; null: it does not. */
  readonly retryAfterMs: number | null;
}

/** `http:` or `https:`, without a name, password or fragment. */
export function isWebhookUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || url.protocol === 'http:';
}

/**
 * Sends to an address that somebody named. Bounded in bytes and time; no redirect is followed. What is answered is
 * not handed on, so that nobody reads by it what only the root server can reach.
 * @throws XylemError E_NETWORK (retry later) when no answer comes, or the address may not be gone to
 */
export async function postOut({ url, headers, body, anywhere, signal }: Posting): Promise<Posted> {
  const { origin } = new URL(url);
  const fault = (why: string, cause?: unknown): XylemError =>
    new XylemError('E_NETWORK', `${origin} ${why}.`, { cause, retry: 'later' });
  if (!anywhere && namesInnerAddress(url)) throw fault('lies in a network inside');
  const client = anywhere ? clientFor(url) : createHttpClient({ lookup: outerLookup });
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const answer = await client.request({
      method: 'POST',
      url,
      headers,
      body,
      signal: AbortSignal.any([signal, deadline]),
      idleTimeoutMs: deadlineMs,
    });
    const seconds = Number(answer.headers['retry-after']);
    // A receiver has what it answered to, whatever it says besides.
    await readBody(answer.body, maxBytes, origin).catch(() => answer.body.destroy());
    return {
      status: answer.status,
      retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null,
    };
  } catch (cause) {
    if (deadline.aborted) throw fault(`does not answer within ${deadlineMs / 1000} s`, cause);
    throw fault(`can't be reached: ${reasonOf(cause)}`, cause);
  } finally {
    client.close();
  }
}

function reasonOf(cause: unknown): string {
  const code = faultCode(cause);
  return code === 'inside' ? 'it lies in a network inside' : (code ?? 'the connection failed');
}
