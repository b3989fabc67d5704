import type { Chunk, Digest, TreeEntry } from '@xylem/core';

/**
 * Numbers a tree's chunks as docs/spec/objects.md says: those of its own text, then each further digest in the order
 * of its first appearance. The position in the result is the number.
 */
export function numberChunks(treeChunks: readonly Chunk[], entries: Iterable<TreeEntry>): Chunk[] {
  const seen = new Set<Digest>();
  const chunks: Chunk[] = [];
  const add = (chunk: Chunk): void => {
    if (seen.has(chunk[0])) return;
    seen.add(chunk[0]);
    chunks.push(chunk);
  };
  for (const chunk of treeChunks) add(chunk);
  for (const entry of entries) if (entry.type === 'file') for (const chunk of entry.chunks) add(chunk);
  return chunks;
}
