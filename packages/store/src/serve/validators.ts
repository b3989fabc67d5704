import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { Servable } from './paths.ts';

/** Replaced files are replaced by rename, so another content is another inode or another time. */
export function etagOf({ asked }: Servable, stats: Stats): string {
  if (asked.kind === 'object') return `"${asked.digest}"`;
  const identity = `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
  return `"${createHash('sha256').update(identity).digest('hex').slice(0, 32)}"`;
}

/** `If-None-Match`, RFC 9110 section 13.1.2: any of a list, compared weakly, as a proxy between may have weakened it. */
export function matches(header: string, etag: string): boolean {
  if (header === etag) return true;
  return header.split(',').some((part) => {
    const one = part.trim();
    return one === '*' || one === etag || one === `W/${etag}`;
  });
}
