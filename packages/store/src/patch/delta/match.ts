import { BaseIndex, enoughBytes, seedBytes, viewOf } from './base-index.ts';
import { equalCount, equalRun } from './compare.ts';

/** New content: `copyLength` bytes of the base from `copyAt` on, changed or not, then `insertLength` of its own. */
export interface Operation {
  readonly copyAt: number;
  readonly copyLength: number;
  readonly insertLength: number;
}

/** What a shorter copy saves, its numbers cost again. */
const minCopyBytes = 8;

/** By how many equal bytes another place in the base has to be better than the one in use. */
const worthASeek = 8;

/** A copy in the making: its seed, from which it grows both ways. */
interface Anchor {
  /** Where it lies in the new content. */
  readonly at: number;
  readonly baseAt: number;
}

/**
 * What of the new content is like which part of the base, in order and without gaps. A copy may differ from what it is
 * made of: it grows from equal bytes as long as more than half of what is added is equal (as executables need, where
 * the addresses in otherwise equal code have moved).
 *
 * Memory: the index of the base, three quarters of its size to all of it.
 */
export function* match(base: Uint8Array, next: Uint8Array): Generator<Operation> {
  let last: Operation = { copyAt: 0, copyLength: 0, insertLength: 0 };
  for (const operation of matches(base, next)) {
    if (operation.copyLength < minCopyBytes) {
      const insertLength = last.insertLength + operation.copyLength + operation.insertLength;
      last = { ...last, insertLength };
      continue;
    }
    if (last.copyLength + last.insertLength > 0) yield last;
    last = operation;
  }
  if (last.copyLength + last.insertLength > 0) yield last;
}

/** Copies may be short or empty. */
function* matches(base: Uint8Array, next: Uint8Array): Generator<Operation> {
  const index = new BaseIndex(base);
  const view = viewOf(next);
  // Files begin alike more often than not.
  let anchor: Anchor = { at: 0, baseAt: 0 };
  let at = 0;
  while (at + seedBytes <= next.length) {
    const expected = anchor.baseAt + at - anchor.at;
    const run = equalRun(base, expected, next, at, Number.POSITIVE_INFINITY);
    if (run >= seedBytes) {
      at += run;
      continue;
    }
    const found = index.find(next, view, at, expected);
    if (found !== -1) {
      const length = equalRun(base, found, next, at, enoughBytes);
      if (length > equalCount(base, expected, next, at, length) + worthASeek) {
        const other = { at, baseAt: found };
        const seam = seamOf(base, next, anchor, other);
        yield {
          copyAt: anchor.baseAt,
          copyLength: seam.copyEnd - anchor.at,
          insertLength: seam.nextBegin - seam.copyEnd,
        };
        anchor = { at: seam.nextBegin, baseAt: found - (at - seam.nextBegin) };
        at += length;
        continue;
      }
    }
    at += 1;
  }
  const copyLength = forwards(base, next, anchor, next.length - anchor.at);
  yield { copyAt: anchor.baseAt, copyLength, insertLength: next.length - anchor.at - copyLength };
}

/** Where in the new content the copy from `left` ends, and the one that `right` lies in begins. */
function seamOf(
  base: Uint8Array,
  next: Uint8Array,
  left: Anchor,
  right: Anchor,
): { readonly copyEnd: number; readonly nextBegin: number } {
  const between = right.at - left.at;
  const copyEnd = left.at + forwards(base, next, left, between);
  const nextBegin = right.at - backwards(base, next, right, between);
  if (copyEnd <= nextBegin) return { copyEnd, nextBegin };
  // Both reach over these bytes: each gets the side on which more of its own are equal.
  let lead = 0;
  let bestLead = 0;
  let split = nextBegin;
  for (let i = nextBegin; i < copyEnd; i += 1) {
    if (base[left.baseAt + i - left.at] === next[i]) lead += 1;
    if (base[right.baseAt + i - right.at] === next[i]) lead -= 1;
    if (lead > bestLead) {
      bestLead = lead;
      split = i + 1;
    }
  }
  return { copyEnd: split, nextBegin: split };
}

/** How far a copy that begins at `anchor` is worth it. */
function forwards(base: Uint8Array, next: Uint8Array, anchor: Anchor, limit: number): number {
  const end = Math.min(limit, base.length - anchor.baseAt);
  let score = 0;
  let bestScore = 0;
  let best = 0;
  for (let i = 0; i < end; i += 1) {
    score += base[anchor.baseAt + i] === next[anchor.at + i] ? 1 : -1;
    if (score > bestScore) {
      bestScore = score;
      best = i + 1;
    }
  }
  return best;
}

/** How far before `anchor` a copy is worth it. */
function backwards(base: Uint8Array, next: Uint8Array, anchor: Anchor, limit: number): number {
  const end = Math.min(limit, anchor.baseAt);
  let score = 0;
  let bestScore = 0;
  let best = 0;
  for (let i = 1; i <= end; i += 1) {
    score += base[anchor.baseAt - i] === next[anchor.at - i] ? 1 : -1;
    if (score > bestScore) {
      bestScore = score;
      best = i;
    }
  }
  return best;
}
