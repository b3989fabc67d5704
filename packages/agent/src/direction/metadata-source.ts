import type { NewsFile } from '@xylem/core';
import type { ObjectSource } from '@xylem/store';
import { bodyOf } from '../parents/requests.ts';

/** Gives files of `/`, bounded; null where there is none. */
export type FileFetch = (path: string, maxBytes: number) => Promise<Uint8Array | null>;

/** Single files of one parent. */
export function filesOf(source: ObjectSource, signal: AbortSignal): FileFetch {
  return async (path, maxBytes) => {
    const answer = await source.get(path, { signal });
    if (answer.status !== 'found') return null;
    return await bodyOf(answer.body, maxBytes, `${source.name}/${path}`, signal);
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
