import { patchFault } from '../fault.ts';
import { NumberReader, NumberWriter } from '../numbers.ts';

/** Differences are those of addresses more often than not: numbers of four bytes, little-endian. */
const wordBytes = 4;

/** Writes where copied bytes differ from the base, and by how much. */
export class DifferenceWriter {
  readonly gaps = new NumberWriter();
  readonly words = new NumberWriter();
  #gap = 0;

  /** What `copied` is made of lies in `base`; both have the same length. */
  add(base: Buffer, copied: Buffer): void {
    const length = copied.length;
    let equalFrom = 0;
    for (let at = 0; at < length; ) {
      if (base[at] === copied[at]) {
        at += 1;
        continue;
      }
      this.gaps.unsigned(this.#gap + at - equalFrom);
      const width = Math.min(wordBytes, length - at);
      this.words.signed(wrapped(copied.readUIntLE(at, width) - base.readUIntLE(at, width), width));
      this.#gap = 0;
      at += width;
      equalFrom = at;
    }
    this.#gap += length - equalFrom;
  }
}

/** Makes new bytes of copied ones, copy by copy, by what a `DifferenceWriter` wrote. */
export class DifferenceReader {
  readonly #gaps: NumberReader;
  readonly #words: NumberReader;
  /** How many copied bytes are as in the base before the next word; null: not read yet. */
  #gap: number | null = null;

  constructor(gaps: Uint8Array, words: Uint8Array) {
    this.#gaps = new NumberReader(gaps);
    this.#words = new NumberReader(words);
  }

  /** @throws XylemError E_PATCH_INVALID */
  apply(copied: Buffer): void {
    let at = 0;
    for (;;) {
      this.#gap ??= this.#gaps.isAtEnd ? Number.POSITIVE_INFINITY : this.#gaps.unsigned();
      if (this.#gap >= copied.length - at) {
        this.#gap -= copied.length - at;
        return;
      }
      at += this.#gap;
      this.#gap = null;
      const width = Math.min(wordBytes, copied.length - at);
      const difference = this.#words.signed();
      if (wrapped(difference, width) !== difference) throw patchFault('a difference is too large');
      copied.writeUIntLE(unsigned(copied.readUIntLE(at, width) + difference, width), at, width);
      at += width;
    }
  }

  get isAtEnd(): boolean {
    const hasGap = this.#gap !== null && this.#gap !== Number.POSITIVE_INFINITY;
    return !hasGap && this.#gaps.isAtEnd && this.#words.isAtEnd;
  }
}

/** Modulo 2^(8 × width), from 0 on. */
function unsigned(value: number, width: number): number {
  const size = 2 ** (8 * width);
  return ((value % size) + size) % size;
}

/** Modulo 2^(8 × width), as near to 0 as can be. */
function wrapped(value: number, width: number): number {
  const rest = unsigned(value, width);
  return rest < 2 ** (8 * width - 1) ? rest : rest - 2 ** (8 * width);
}
