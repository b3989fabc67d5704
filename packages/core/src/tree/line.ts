import { XylemError } from '../errors.ts';
import { type Digest, isDigest } from '../ids.ts';
import { jcs } from '../jcs.ts';
import type { Chunk, TreeEntry } from './entry.ts';

/** An entry as its line, without the line end. */
export function treeLine(entry: TreeEntry): string {
  if (entry.type === 'folder') return jcs({ p: entry.path, t: 'd' });
  if (entry.type === 'link') return jcs({ l: entry.target, p: entry.path, t: 'l' });
  const { path, sizeBytes, digest, executable, chunks } = entry;
  return jcs({
    c: chunks.length > 1 ? chunks : undefined,
    d: digest,
    p: path,
    s: sizeBytes,
    x: executable ? true : undefined,
  });
}

/** A line as an entry. Checks shape and types; the rules of paths and between entries are the `TreeChecker`'s. */
export function parseTreeLine(line: string, number: number): TreeEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new XylemError('E_TREE_INVALID', `Line ${number} of the tree is not JSON.`, {
      cause,
      details: { line: number },
    });
  }
  if (typeof value !== 'object' || value === null) return refuse(number, 'expected an object');
  const { p, t, s, d, x, c, l } = value as Readonly<Record<string, unknown>>;
  if (typeof p !== 'string') return refuse(number, 'p: expected a path');
  if (t === 'd') return { type: 'folder', path: p };
  if (t === 'l')
    return typeof l === 'string'
      ? { type: 'link', path: p, target: l }
      : refuse(number, 'l: expected a target');
  if (t !== undefined) return refuse(number, 't: expected "d", "l" or nothing');
  if (!isSize(s)) return refuse(number, 's: expected a size in bytes');
  if (typeof d !== 'string' || !isDigest(d)) return refuse(number, 'd: expected a digest');
  if (x !== undefined && x !== true) return refuse(number, 'x: expected true or nothing');
  return {
    type: 'file',
    path: p,
    sizeBytes: s,
    digest: d,
    executable: x === true,
    chunks: chunksOf(c, d, s, number),
  };
}

function chunksOf(c: unknown, digest: Digest, sizeBytes: number, number: number): readonly Chunk[] {
  if (c === undefined) return sizeBytes === 0 ? [] : [[digest, sizeBytes]];
  if (!Array.isArray(c) || c.length < 2) return refuse(number, 'c: expected a list of at least two chunks');
  for (const chunk of c as readonly unknown[]) {
    if (!isChunk(chunk)) return refuse(number, 'c: expected chunks as [digest, size]');
  }
  return c as readonly Chunk[];
}

export function isChunk(value: unknown): value is Chunk {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [digest, size] = value as readonly unknown[];
  return typeof digest === 'string' && isDigest(digest) && isSize(size);
}

export function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function refuse(line: number, reason: string): never {
  throw new XylemError('E_TREE_INVALID', `Line ${line} of the tree is not valid: ${reason}.`, {
    details: { line },
  });
}
