import type { NewsFile } from '@xylem/core';
import { type ObjectSource, within } from '@xylem/store';
import { bodyOf } from '../parents/requests.ts';

/** Gives files of `/`, bounded; null where there is none. */
export type FileFetch = (path: string, maxBytes: number) => Promise<Uint8Array | null>;

/** A file of a size that is only known to be bounded: a minute, and 16 kB/s at least. */
const leastMs = 60_000;
const slowestBytesPerMs = 16;

/** Single files of one parent. */
export function filesOf(source: ObjectSource, signal: AbortSignal): FileFetch {
  return async (path, maxBytes) => {
    const what = `${source.name}/${path}`;
    return await within(leastMs + maxBytes / slowestBytesPerMs, what, signal, async (inTime) => {
      const answer = await source.get(path, { signal: inTime });
      if (answer.status !== 'found') return null;
      return await bodyOf(answer.body, maxBytes, what, inTime);
    });
  };
}

/** What a news file holds, else what `next` gives. Nothing of it is believed: each piece is checked as if fetched. */
export function withNewsFile(news: NewsFile, next: FileFetch): FileFetch {
  const absent = new Set(news.absent);
  return async (path, maxBytes) => {
    const text = Object.hasOwn(news.files, path) ? news.files[path] : undefined;
    if (text !== undefined) return Buffer.from(text);
    return absent.has(path) ? null : await next(path, maxBytes);
  };
}
