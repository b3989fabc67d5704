import { equalRun } from './compare.ts';

/** A match is found by this many equal bytes. */
export const seedBytes = 16;

/** Longer bases are not indexed: the index alone would have more than 512 MiB. */
export const maxBaseBytes = 512 * 1024 * 1024;

/**
 * Every how many bytes of the base a seed is indexed: 23 equal bytes in a row are always found.
 * Measured: at every fourth byte the delta of `bin/node` 24.20.0 to 24.21.0 is 3.5 % larger.
 */
const stride = 8;

/** How many places of one seed are looked at: those nearest to where the match is expected. */
const maxCandidates = 16;

/** Matches that are equal for so long are not told apart. */
export const enoughBytes = 256;

/**
 * Where each seed stands in the base: places sorted by the hash of their seed, and where each hash's places end. Of a
 * base of `n` bytes it takes `n / 2` bytes for the places, and between `n / 4` and `n / 2` for the hashes.
 */
export class BaseIndex {
  readonly #base: Uint8Array;
  readonly #hashShift: number;
  /** For each hash the end of its places in `#places`; they begin where those of the hash before it end. */
  readonly #ends: Uint32Array;
  /** In units of the stride, ascending for each hash. */
  readonly #places: Uint32Array;

  constructor(base: Uint8Array) {
    this.#base = base;
    const bits = Math.max(8, Math.ceil(Math.log2(base.length / stride + 1)) - 1);
    this.#hashShift = 32 - bits;
    this.#ends = new Uint32Array(2 ** bits);
    const view = viewOf(base);
    this.#places = new Uint32Array(this.#count(view));
    this.#fill(view);
  }

  /** Leaves `#ends` with the begin of each hash's places, and returns how many there are. */
  #count(view: DataView): number {
    const ends = this.#ends;
    let before = -1;
    for (let at = 0; at + seedBytes <= view.byteLength; at += stride) {
      const hash = hashAt(view, at) >>> this.#hashShift;
      if (hash !== before) ends[hash] = (ends[hash] ?? 0) + 1;
      before = hash;
    }
    let total = 0;
    for (let hash = 0; hash < ends.length; hash += 1) {
      const count = ends[hash] ?? 0;
      ends[hash] = total;
      total += count;
    }
    return total;
  }

  /** A seed like the one before it (a run of zeros) is left out. */
  #fill(view: DataView): void {
    const [ends, places] = [this.#ends, this.#places];
    let before = -1;
    for (let at = 0; at + seedBytes <= view.byteLength; at += stride) {
      const hash = hashAt(view, at) >>> this.#hashShift;
      if (hash !== before) {
        const end = ends[hash] ?? 0;
        places[end] = at / stride;
        ends[hash] = end + 1;
      }
      before = hash;
    }
  }

  /**
   * Where in the base the longest match of `next` from `at` on begins, of those nearest to `expected`; -1: there is
   * none of `seedBytes`.
   */
  find(next: Uint8Array, view: DataView, at: number, expected: number): number {
    const hash = hashAt(view, at) >>> this.#hashShift;
    const begin = hash === 0 ? 0 : (this.#ends[hash - 1] ?? 0);
    const end = this.#ends[hash] ?? 0;
    if (begin === end) return -1;
    const first = end - begin <= maxCandidates ? begin : this.#nearest(begin, end, expected / stride);
    const last = Math.min(end, first + maxCandidates);
    let best = -1;
    let bestBytes = seedBytes - 1;
    for (let i = first; i < last && bestBytes < enoughBytes; i += 1) {
      const place = (this.#places[i] ?? 0) * stride;
      // What is not equal where the best one ends is not longer.
      if (this.#base[place + bestBytes] !== next[at + bestBytes]) continue;
      const bytes = equalRun(this.#base, place, next, at, enoughBytes);
      if (bytes > bestBytes) {
        best = place;
        bestBytes = bytes;
      }
    }
    return best;
  }

  /** The first of `maxCandidates` places around `expected`. */
  #nearest(begin: number, end: number, expected: number): number {
    let low = begin;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] ?? 0) < expected) low = middle + 1;
      else high = middle;
    }
    return Math.max(begin, Math.min(low - maxCandidates / 2, end - maxCandidates));
  }
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** 32 bits of the seed at `at`; the top ones are the best. */
function hashAt(view: DataView, at: number): number {
  let hash = Math.imul(view.getInt32(at, true), 0x9e3779b1);
  hash = Math.imul((hash ^ (hash >>> 15)) + view.getInt32(at + 4, true), 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 13)) + view.getInt32(at + 8, true), 0xc2b2ae35);
  hash = Math.imul((hash ^ (hash >>> 16)) + view.getInt32(at + 12, true), 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
