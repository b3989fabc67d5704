import { gearTable } from './gear.ts';

/** The inner loop of the chunker. One for the whole process: nothing of a file stays in it between two calls. */
export interface Scanner {
  /** Where the bytes to look at are put; at most its length at a time. */
  readonly input: Uint8Array;
  /**
   * Goes over the first `length` bytes of `input`, beginning with `hash`, until the hash is below `bound` (both
   * unsigned, 32 bits). Returns how many bytes that took; or -1 when it never was, and `hash()` says where it stands.
   */
  scan(length: number, hash: number, bound: number): number;
  hash(): number;
}

/** The part of the standard interface that is used here; TypeScript has it for browsers alone. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

let scanner: Scanner | undefined;

/** Made at first use: who publishes nothing pays nothing. */
export function sharedScanner(): Scanner {
  scanner ??= makeScanner();
  return scanner;
}

// Where things lie in the module's memory.
const hashAt = 1024;
const inputAt = 2048;
const inputBytes = 64 * 1024;
const pages = 2;

function makeScanner(): Scanner {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(scannerModule()));
  const { memory, scan } = exports as {
    memory: { readonly buffer: ArrayBuffer };
    scan: (length: number, hash: number, bound: number) => number;
  };
  new Int32Array(memory.buffer, 0, 256).set(gearTable());
  const hash = new Int32Array(memory.buffer, hashAt, 1);
  return { input: new Uint8Array(memory.buffer, inputAt, inputBytes), scan, hash: () => hash[0] ?? 0 };
}

/** Bytes in a turn of the loop. */
const unrolled = 8;

/** A module of one function, `scan`, put together instruction by instruction: no compiler, no file to keep in step. */
function scannerModule(): Uint8Array<ArrayBuffer> {
  const [length, hash, bound, at] = [0, 1, 2, 3];
  const step = (k: number): Code => [
    // hash = (hash << 1) + gear[input[at + k]]
    [get(hash), number(1), shiftLeft],
    [get(at), load8, 0, unsigned(inputAt + k), number(2), shiftLeft, load32, 2, 0],
    [add, tee(hash)],
    // if (hash < bound) return at + k + 1
    [get(bound), isBelow, when, noResult, get(at), number(k + 1), add, leave, end],
  ];
  const stepsOf = (count: number): Code => [
    // while (at + count <= length)
    [block, noResult, loop, noResult],
    [get(at), number(count), add, get(length), isAbove, branchIf, 1],
    Array.from({ length: count }, (_, k) => step(k)),
    // at += count
    [get(at), number(count), add, set(at)],
    [branch, 0, end, end],
  ];
  const code = [
    [stepsOf(unrolled), stepsOf(1)],
    [number(hashAt), get(hash), store32, 2, 0],
    [number(-1), end],
  ];
  const locals = list([[1, int32]]);
  const signature = [0x60, list([int32, int32, int32]), list([int32])];
  const whole: Code = [
    [0x00, text('asm'), 1, 0, 0, 0],
    section(1, list([signature])),
    section(3, list([0])),
    section(5, list([[0, pages]])),
    section(
      7,
      list([
        [name('memory'), 2, 0],
        [name('scan'), 0, 0],
      ]),
    ),
    section(10, list([counted([locals, code])])),
  ];
  return Uint8Array.from(flat(whole));
}

/** Bytes, put together from parts. */
type Code = readonly (number | Code)[];
const flat = (code: Code): number[] =>
  code.flatMap((part) => (typeof part === 'number' ? [part] : flat(part)));

// The instructions and the encoding of https://www.w3.org/TR/wasm-core-1/#binary-format%E2%91%A0.
const int32 = 0x7f;
const noResult = 0x40;
const [block, loop, when, end, branch, branchIf, leave] = [0x02, 0x03, 0x04, 0x0b, 0x0c, 0x0d, 0x0f];
const [load32, load8, store32] = [0x28, 0x2d, 0x36];
const [isBelow, isAbove, add, shiftLeft] = [0x49, 0x4a, 0x6a, 0x74];
const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
const tee = (local: number): Code => [0x22, local];
const number = (value: number): Code => [0x41, signed(value)];

function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, unsigned(value >>> 7)];
}

function signed(value: number): Code {
  if (value >= -0x40 && value < 0x40) return [value & 0x7f];
  return [(value & 0x7f) | 0x80, signed(value >> 7)];
}

const text = (ascii: string): Code => [...Buffer.from(ascii, 'latin1')];
const counted = (code: Code): Code => [unsigned(flat(code).length), code];
const list = (items: Code): Code => [unsigned(items.length), items];
const name = (ascii: string): Code => counted(text(ascii));
const section = (id: number, content: Code): Code => [id, counted(content)];
