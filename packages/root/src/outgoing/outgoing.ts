import { XylemError } from '@xylem/core';
import { createHttpClient, readBody } from '@xylem/platform';

const maxBytes = 256 * 1024;

/**
 * What the root server asks of the world outside: JSON of an issuer that an administrator named. Answers are bounded in
 * bytes and time, and no redirect is followed, so that an issuer can't send the root server elsewhere.
 * @throws XylemError E_ISSUER (retry later)
 */
export async function fetchJson(url: string, deadlineMs = 10_000): Promise<unknown> {
  if (!isAllowedUrl(url)) throw issuerFault(url, 'is neither https nor on this machine');
  const client = createHttpClient(url.startsWith('https:') ? { proxyEnvironment: process.env } : {});
  const signal = AbortSignal.timeout(deadlineMs);
  try {
    const headers = { accept: 'application/json' };
    const { status, body } = await client.request({ method: 'GET', url, headers, signal });
    if (status !== 200) {
      body.destroy();
      throw issuerFault(url, `answers with status ${status}`);
    }
    return JSON.parse((await readBody(body, maxBytes, url)).toString('utf8')) as unknown;
  } catch (cause) {
    if (cause instanceof XylemError && cause.code === 'E_ISSUER') throw cause;
    throw issuerFault(url, reasonOf(cause), cause);
  } finally {
    client.close();
  }
}

/** `https:`, or `http:` on loopback; without a name, password or fragment. */
export function isAllowedUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** What an issuer says is not repeated: only which of our own bounds it broke. */
function reasonOf(cause: unknown): string {
  if (cause instanceof SyntaxError) return 'answers with something that is no JSON';
  if (cause instanceof XylemError && cause.code === 'E_TOO_LARGE')
    return `answers with more than ${maxBytes} bytes`;
  return 'does not answer, or not to the end';
}

export function issuerFault(url: string, reason: string, cause?: unknown): XylemError {
  return new XylemError('E_ISSUER', `${url} ${reason}.`, { cause, retry: 'later', details: { url } });
}
