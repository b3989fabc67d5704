import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTree } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';

/**
 * Files that were changed since a process began: what it has in memory may be something else.
 * @param textPath of the tree; where it is not in place yet nothing is said
 * @param startedMs to the second
 */
export async function changedSince(path: string, textPath: string, startedMs: number): Promise<Difference[]> {
  const text = await readFile(textPath).catch(() => null);
  if (text === null) return [];
  const found: Difference[] = [];
  for (const entry of parseTree(text)) {
    const stat = await lstat(join(path, entry.path)).catch(() => null);
    if (entry.type !== 'file' || stat === null || stat.ctimeMs < startedMs + 1_000) continue;
    found.push({ path: entry.path, what: 'was changed after the service began: start it anew first' });
  }
  return found;
}
