import { sha256Bytes } from '../hashing.ts';

const hashBytes = 32;
const nodeTag = Buffer.from('xylem-watermark-node-1\0');

/** The tree of docs/spec/reports.md over at least one leaf, each a hash; the shape is that of RFC 9162, 2.1.1. */
export interface HashTree {
  readonly digest: Uint8Array;
  /** The hashes beside the way from this leaf up, lowest first. */
  pathOf(index: number): Uint8Array;
}

export function hashTree(leaves: readonly Uint8Array[]): HashTree {
  const levels: (readonly Uint8Array[])[] = [];
  let level = leaves;
  while (level.length > 1) {
    levels.push(level);
    level = levelAbove(level);
  }
  const [digest = new Uint8Array()] = level;
  return {
    digest,
    pathOf: (index) =>
      Buffer.concat(levels.flatMap((hashes, height) => hashes[besideOf(index, height)] ?? [])),
  };
}

/** Where the path leads to from this leaf; null: it has not the steps that this index of so many leaves asks for. */
export function digestAbove(
  leaf: Uint8Array,
  { index, count, path }: { readonly index: number; readonly count: number; readonly path: Uint8Array },
): Uint8Array | null {
  if (index >= count) return null;
  let [hash, at] = [leaf, 0];
  for (let height = 0, width = count; width > 1; height += 1, width = Math.ceil(width / 2)) {
    const beside = besideOf(index, height);
    if (beside >= width) continue;
    const sibling = path.subarray(at, at + hashBytes);
    if (sibling.length < hashBytes) return null;
    at += hashBytes;
    hash = beside % 2 === 0 ? nodeOf(sibling, hash) : nodeOf(hash, sibling);
  }
  return at === path.length ? hash : null;
}

/** At this height, beside the way from a leaf up. */
const besideOf = (index: number, height: number): number => Math.floor(index / 2 ** height) ^ 1;

function levelAbove(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const [left, right] = [level[at] as Uint8Array, level[at + 1]];
    above.push(right === undefined ? left : nodeOf(left, right));
  }
  return above;
}

const nodeOf = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256Bytes(Buffer.concat([nodeTag, left, right]));
