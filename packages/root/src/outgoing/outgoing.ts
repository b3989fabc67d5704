import { XylemError } from '@xylem/core';
import { clientFor, readBody } from '@xylem/platform';

const maxBytes = 256 * 1024;
const defaultDeadlineMs = 10_000;

interface Asking {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

interface Answered {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Buffer;
}

/**
 * What the root server asks of the world outside: an issuer that an administrator named. Answers are bounded in bytes
 * and time, and no redirect is followed, so that an issuer can't send the root server elsewhere.
 * @throws XylemError E_ISSUER (retry later), also for a redirect and for a fault of the issuer's own (5xx)
 */
export async function askIssuer(
  url: string,
  asking: Asking,
  deadlineMs = defaultDeadlineMs,
): Promise<Answered> {
  if (!isAllowedUrl(url)) throw issuerFault(url, 'is neither https nor on this machine');
  const client = clientFor(url);
  const { signal: given, ...request } = asking;
  const deadline = AbortSignal.timeout(deadlineMs);
  const signal = given === undefined ? deadline : AbortSignal.any([given, deadline]);
  try {
    const { status, headers, body } = await client.request({ ...request, url, signal });
    if (status < 200 || status >= 500 || (status >= 300 && status < 400)) {
      body.destroy();
      throw issuerFault(url, `answers with status ${status}`);
    }
    return { status, headers, bytes: await readBody(body, maxBytes, url) };
  } catch (cause) {
    if (cause instanceof XylemError && cause.code === 'E_ISSUER') throw cause;
    throw issuerFault(url, reasonOf(cause), cause);
  } finally {
    client.close();
  }
}

/** JSON by GET. @throws XylemError E_ISSUER (retry later) */
export async function fetchJson(url: string, deadlineMs = defaultDeadlineMs): Promise<unknown> {
  const headers = { accept: 'application/json' };
  const { status, bytes } = await askIssuer(url, { method: 'GET', headers }, deadlineMs);
  if (status !== 200) throw issuerFault(url, `answers with status ${status}`);
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (cause) {
    throw issuerFault(url, 'answers with something that is no JSON', cause);
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
  if (cause instanceof XylemError && cause.code === 'E_TOO_LARGE')
    return `answers with more than ${maxBytes} bytes`;
  return 'does not answer, or not to the end';
}

/** The query of an address may hold what is nobody's but the issuer's. */
export function issuerFault(url: string, reason: string, cause?: unknown): XylemError {
  const [place = url] = url.split('?');
  return new XylemError('E_ISSUER', `${place} ${reason}.`, {
    cause,
    retry: 'later',
    details: { url: place },
  });
}
