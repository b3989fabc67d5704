import { XylemError } from '@xylem/core';
import { NumberWriter } from '../numbers.ts';
import { maxBaseBytes } from './base-index.ts';
import { maxBlockBytes, writeBlock } from './block.ts';
import { match } from './match.ts';
import { type Coder, coders } from './streams.ts';
import { DifferenceWriter } from './words.ts';

export interface DeltaBlock {
  /** How much of the new content it gives. */
  readonly rawLength: number;
  readonly payload: Buffer;
}

/**
 * The blocks that make `next` of `base`, in order; none for an empty `next`. Each is made when it is asked for, in
 * this thread: for executables that were relinked about 0.25 s for each MiB.
 *
 * Memory: the index of the base (`BaseIndex`), and a block's streams.
 * @throws XylemError E_TOO_LARGE for a base of more than 512 MiB
 */
export function* encodeDelta(
  base: Buffer,
  next: Buffer,
  among: readonly Coder[] = coders,
): Generator<DeltaBlock> {
  if (base.length > maxBaseBytes) {
    throw new XylemError('E_TOO_LARGE', `No delta is made from more than ${maxBaseBytes} bytes.`);
  }
  let block = new BlockWriter(base, next, 0, 0);
  for (const operation of match(base, next)) {
    let { copyAt, copyLength, insertLength } = operation;
    while (copyLength + insertLength > 0) {
      if (block.room === 0) {
        yield block.finish(among);
        block = new BlockWriter(base, next, block.end, block.position);
      }
      const copied = Math.min(copyLength, block.room);
      const inserted = Math.min(insertLength, block.room - copied);
      block.add(copied === 0 ? block.position : copyAt, copied, inserted);
      copyAt += copied;
      copyLength -= copied;
      insertLength -= inserted;
    }
  }
  if (block.room < maxBlockBytes) yield block.finish(among);
}

class BlockWriter {
  readonly #base: Buffer;
  readonly #next: Buffer;
  readonly #begin: number;
  readonly #seeks = new NumberWriter();
  readonly #copies = new NumberWriter();
  readonly #inserts = new NumberWriter();
  readonly #inserted = new NumberWriter();
  readonly #differences = new DifferenceWriter();
  /** Up to where the new content is covered. */
  end: number;
  /** Where in the base the last copy ended. */
  position: number;

  constructor(base: Buffer, next: Buffer, begin: number, position: number) {
    this.#base = base;
    this.#next = next;
    this.#begin = begin;
    this.end = begin;
    this.position = position;
  }

  get room(): number {
    return this.#begin + maxBlockBytes - this.end;
  }

  /** At most `room` bytes. */
  add(copyAt: number, copyLength: number, insertLength: number): void {
    this.#seeks.signed(copyAt - this.position);
    this.#copies.unsigned(copyLength);
    this.#inserts.unsigned(insertLength);
    this.position = copyAt + copyLength;
    const copyEnd = this.end + copyLength;
    this.#differences.add(this.#base.subarray(copyAt, this.position), this.#next.subarray(this.end, copyEnd));
    this.end = copyEnd + insertLength;
    this.#inserted.bytes(this.#next.subarray(copyEnd, this.end));
  }

  finish(among: readonly Coder[]): DeltaBlock {
    const streams = {
      seeks: this.#seeks.written(),
      copies: this.#copies.written(),
      inserts: this.#inserts.written(),
      gaps: this.#differences.gaps.written(),
      words: this.#differences.words.written(),
      inserted: this.#inserted.written(),
    };
    return { rawLength: this.end - this.#begin, payload: writeBlock(streams, among) };
  }
}
