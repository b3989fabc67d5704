import { patchFault } from './fault.ts';

/** A stream of numbers as docs/spec/patches.md writes them, and of bytes between them. It grows as it is written. */
export class NumberWriter {
  #buffer = Buffer.alloc(256);
  #length = 0;

  /** A safe integer from 0 on. */
  unsigned(value: number): void {
    this.#reserve(8);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) {
      this.#buffer[this.#length] = (rest % 128) + 128;
      this.#length += 1;
    }
    this.#buffer[this.#length] = rest;
    this.#length += 1;
  }

  /** An integer from -2^52 to 2^52 - 1. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written; valid until more is. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(2 * this.#buffer.length, this.#length + count));
    larger.set(this.written());
    this.#buffer = larger;
  }
}

/** Reads what a `NumberWriter` wrote, or who pretends to be one. */
export class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws XylemError E_PATCH_INVALID where it is cut off, longer than it need be, or beyond 2^53 - 1 */
  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let count = 1; count <= 8; count += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw patchFault('a number is cut off');
      this.#at += 1;
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte >= 128) continue;
      if ((byte === 0 && count > 1) || !Number.isSafeInteger(value)) break;
      return value;
    }
    throw patchFault('a number is written in no allowed way');
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view. */
  bytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw patchFault('a stream ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}
