import type { NewsFile } from '@xylem/core';
import { type InTime, type ObjectSource, wholeFile } from '@xylem/store';

/** Gives files of `/`, bounded; null where there is none. */
export type FileFetch = (path: string, maxBytes: number) => Promise<Uint8Array | null>;

/** Single files of one parent. */
export function filesOf(source: ObjectSource, inTime: InTime): FileFetch {
  return (path, maxBytes) => wholeFile(source, path, maxBytes, inTime);
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
