import {
  type EnvironmentId,
  formatNewsCursor,
  fromB64u,
  limits,
  type NewsCursor,
  parseNews,
  XylemError,
} from '@xylem/core';
import { type Clock, type HttpClient, readBody } from '@xylem/platform';
import { type ObjectSource, retryAfterOf, within } from '@xylem/store';
import { readTimestamp } from '@xylem/trust';
import type { RelayTiming } from '../options.ts';
import type { Tip } from './environment-copy.ts';

/**
 * What a parent says has changed, how long ago it heard of the root server (undefined: it does not say), and for how long
 * its disk has been full (undefined: it is not).
 */
export interface Answered {
  readonly changes: ReadonlyMap<EnvironmentId, Tip>;
  readonly sinceRootMs: number | undefined;
  readonly fullForMs: number | undefined;
}

export interface NewsQuestion {
  readonly cursor: NewsCursor;
  /** It is known that the parent is full: where it is not, or is and that is not known, it answers at once. */
  readonly isFull: boolean;
}

/** A question that is held is long without an answer, and not without a connection. */
const connectMs = 20_000;

/** By what a parent is asked, and how long it may take. */
export interface Asking {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly timing: RelayTiming;
}

/**
 * One held request for all environments of the cursor.
 * @returns null where the parent holds no news (docs/spec/news.md: 404 or 405)
 * @throws XylemError E_PARENT_UNREACHABLE, E_PARENT_STALE, E_PARENT_REFUSED, E_DOCUMENT_INVALID
 */
export async function askNews(
  { http, clock, timing }: Asking,
  parent: string,
  asked: NewsQuestion,
  signal: AbortSignal,
): Promise<Answered | null> {
  const { newsHoldMs } = timing;
  return await within(clock, newsHoldMs * 2, `The news of ${parent}`, signal, (over) =>
    ask(http, parent, asked, newsHoldMs, over),
  );
}

async function ask(
  http: HttpClient,
  parent: string,
  { cursor, isFull }: NewsQuestion,
  idleTimeoutMs: number,
  signal: AbortSignal,
): Promise<Answered | null> {
  const { status, headers, body } = await http.request({
    method: 'GET',
    url: `${parent}/news?since=${formatNewsCursor(cursor)}&full=${isFull ? 1 : 0}`,
    signal,
    idleTimeoutMs,
    connectMs,
  });
  if (status === 404 || status === 405) {
    body.resume();
    return null;
  }
  const text = await readBody(body, limits.newsAnswer, `The news of ${parent}`);
  if (status !== 200) {
    throw new XylemError('E_PARENT_REFUSED', `${parent} answered ${status} to the question for news.`, {
      details: { status, ...retryAfterOf(headers) },
    });
  }
  const changes = new Map<EnvironmentId, Tip>();
  const { changed, sinceRootMs, fullForMs } = parseNews(text);
  for (const { environment, snapshot, timestamp } of changed) {
    const bytes = fromB64u(timestamp);
    if (bytes.length <= limits.timestamp)
      changes.set(environment as EnvironmentId, { snapshot, timestamp: bytes, from: parent });
  }
  return { changes, sinceRootMs, fullForMs };
}

/** What a plain web server has: its timestamp, when it is another than the one with this ETag. */
export async function pollTimestamp(
  { clock, timing }: Pick<Asking, 'clock' | 'timing'>,
  source: ObjectSource,
  environment: EnvironmentId,
  etag: string | undefined,
  over: AbortSignal,
): Promise<{ tip: Tip; etag: string | undefined } | null> {
  const path = `r/${environment}/metadata/timestamp.json`;
  const what = `${path} of ${source.name}`;
  return await within(clock, timing.timestampMs, what, over, async (signal) => {
    const answer = await source.get(path, { signal, ...(etag === undefined ? {} : { ifNoneMatch: etag }) });
    if (answer.status !== 'found') return null;
    const timestamp = await readBody(answer.body, limits.timestamp, what);
    return {
      tip: { snapshot: readTimestamp(timestamp).snapshotVersion, timestamp, from: source.name },
      etag: answer.etag,
    };
  });
}
