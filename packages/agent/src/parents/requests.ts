import { limits, type News, type Parents, parseNews, parseParents, XylemError } from '@xylem/core';
import { type HttpClient, type HttpRequest, readBody } from '@xylem/platform';
import { retryAfterOf, sentWithinMs, within } from '@xylem/store';
import type { AsksParents } from './parents.ts';

/** A plain web server redirects `/news` to the folder `/news/`. */
const absent: ReadonlySet<number> = new Set([301, 302, 307, 308, 404, 405, 410, 501]);

/** By what a node is asked. */
export type Asking = Pick<AsksParents, 'http' | 'clock'>;

/** A small answer of a node, whole after `deadlineMs`; null where it has no such route or nothing there. */
export async function askNode(
  { http, clock }: Asking,
  request: HttpRequest,
  maxBytes: number,
  deadlineMs = sentWithinMs,
): Promise<Uint8Array | null> {
  return await within(clock, deadlineMs, request.url, request.signal, (signal) =>
    wholeAnswer(http, { ...request, signal }, maxBytes),
  );
}

async function wholeAnswer(
  http: HttpClient,
  request: HttpRequest,
  maxBytes: number,
): Promise<Uint8Array | null> {
  const { status, headers, body } = await http.request(request);
  if (status >= 200 && status < 300) return await bodyOf(body, maxBytes, request.url, request.signal);
  body.on('error', () => undefined);
  body.destroy();
  if (absent.has(status)) return null;
  const refused = status < 500 && status !== 429;
  throw new XylemError(
    refused ? 'E_PARENT_REFUSED' : 'E_PARENT_UNREACHABLE',
    `${request.url} answered ${status}.`,
    {
      retry: 'elsewhere',
      details: { status, ...retryAfterOf(headers) },
    },
  );
}

/**
 * A held request for news; null where the node can't hold one.
 * @param isFull it is known that the node is full: where it is not, or is and that is not known, it answers at once
 */
export async function askNews(
  asking: Asking,
  url: string,
  { cursor, isFull }: { readonly cursor: string; readonly isFull: boolean },
  holdMs: number,
  signal: AbortSignal,
): Promise<News | null> {
  const bytes = await askNode(
    asking,
    {
      method: 'GET',
      url: `${url}/news?since=${cursor}&full=${isFull ? 1 : 0}`,
      signal,
      idleTimeoutMs: holdMs,
    },
    limits.newsAnswer,
    holdMs * 2,
  );
  return bytes === null ? null : elsewhere(() => parseNews(bytes));
}

/** Where else this node says that one could turn; null where it does not say. */
export async function askParents(
  asking: Asking,
  url: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Parents | null> {
  const request = { method: 'GET' as const, url: `${url}/parents`, signal };
  const bytes = await askNode(asking, request, limits.parents, deadlineMs);
  return bytes === null ? null : elsewhere(() => parseParents(bytes));
}

/**
 * Posts JSON to one parent after the other until one answers with something that `take` does not refuse.
 * @throws XylemError the last refusal; E_PARENT_REFUSED where none of them has such a route: `nobody` says it
 */
export async function postToFirst(
  asking: Pick<AsksParents, 'http' | 'clock' | 'signal'>,
  urls: readonly string[],
  post: {
    readonly path: string;
    readonly body: string | Uint8Array;
    readonly headers?: Readonly<Record<string, string>>;
    readonly maxBytes: number;
    readonly idleTimeoutMs?: number;
    readonly repeatable?: boolean;
    readonly nobody: string;
  },
  take: (answer: Uint8Array) => Promise<void>,
): Promise<void> {
  const { signal } = asking;
  const { path, body, maxBytes, nobody, headers: more, ...rest } = post;
  const headers = { 'content-type': 'application/json', ...more };
  let worst: XylemError | null = null;
  for (const url of urls) {
    try {
      const request = { method: 'POST' as const, url: `${url}${path}`, headers, body, signal, ...rest };
      const answer = await askNode(asking, request, maxBytes);
      if (answer === null) continue;
      await take(answer);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof XylemError)) throw error;
      worst = error;
    }
  }
  throw worst ?? new XylemError('E_PARENT_REFUSED', nobody);
}

/** What a node says wrongly, another may say rightly. */
function elsewhere<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    throw new XylemError(error.code, error.message, { cause: error, retry: 'elsewhere' });
  }
}

/** A whole body, whose faults are coded and lead to another parent. */
export async function bodyOf(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await readBody(body, maxBytes, what);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof XylemError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError('E_PARENT_STALE', `${what} broke off: ${reason}`, { cause, retry: 'elsewhere' });
  }
}
