import { hash } from 'node:crypto';
import { type Chunk, type Digest, limits } from '@xylem/core';
import type { PackWriter } from '../pack/pack-writer.ts';
import type { PackSink } from './types.ts';

/** Chunks gathered before the sink is asked which of them it knows: enough that the question costs little. */
const windowBytes = 8 * 1024 * 1024;
const windowChunks = 2048;
/** One is filled while one is asked about and one goes into frames. */
const windows = 3;

interface Window {
  readonly buffer: Buffer;
  length: number;
  chunks: { readonly digest: Digest; readonly begin: number; readonly end: number }[];
}

/**
 * Takes the chunks of a publication, asks the sink which it has, and hands the others to the pack writer, in order.
 * The windows' buffers are used again and again: at 200 MB/s a fresh buffer per chunk is mostly work for the garbage
 * collector.
 */
export class ChunkWindow {
  readonly #sink: Pick<PackSink, 'knownChunks'>;
  readonly #writer: Pick<PackWriter, 'add'>;
  readonly #seen = new Set<Digest>();
  readonly #free: Window[] = [];
  #made = 0;
  #isAborted = false;
  #current: Window | undefined;
  /** Windows on their way, oldest first; each settles when its buffer is free again. */
  readonly #work: Promise<void>[] = [];
  newChunks = 0;
  newBytes = 0;

  constructor(sink: Pick<PackSink, 'knownChunks'>, writer: Pick<PackWriter, 'add'>) {
    this.#sink = sink;
    this.#writer = writer;
  }

  /** Different chunks so far. */
  get chunks(): number {
    return this.#seen.size;
  }

  /**
   * Copies the bytes; returns their digest, which is taken from who knows it. Resolves late when the sink or the disk
   * is slower than the reading.
   */
  async add(bytes: Uint8Array, known?: Digest): Promise<Digest> {
    const digest = known ?? (hash('sha256', bytes, 'hex') as Digest);
    if (this.#seen.has(digest)) return digest;
    this.#seen.add(digest);
    if (this.#current !== undefined) {
      const isFull = this.#current.length + bytes.length > windowBytes;
      if (isFull || this.#current.chunks.length === windowChunks) this.#send();
    }
    this.#current ??= await this.#empty();
    const window = this.#current;
    window.buffer.set(bytes, window.length);
    const begin = window.length;
    window.length += bytes.length;
    window.chunks.push({ digest, begin, end: window.length });
    return digest;
  }

  /** Whether the sink, or this publication, has all of these; then they count as added. */
  async has(chunks: readonly Chunk[]): Promise<boolean> {
    const unseen = [...new Set(chunks.map(([digest]) => digest))].filter((digest) => !this.#seen.has(digest));
    for (let at = 0; at < unseen.length; at += windowChunks) {
      const asked = unseen.slice(at, at + windowChunks);
      const known = await this.#sink.knownChunks(asked);
      if (!asked.every((digest) => known.has(digest))) return false;
    }
    for (const digest of unseen) this.#seen.add(digest);
    return true;
  }

  /** Resolves when all chunks have gone into frames. */
  async end(): Promise<void> {
    this.#send();
    while (this.#work.length > 0) await this.#work.shift();
  }

  /** Lets go after an error: resolves when nothing is asked or handed on any more. */
  async abort(): Promise<void> {
    this.#isAborted = true;
    await Promise.allSettled(this.#work);
  }

  #send(): void {
    const window = this.#current;
    this.#current = undefined;
    if (window === undefined) return;
    const known = this.#sink.knownChunks(window.chunks.map(({ digest }) => digest));
    known.catch(() => undefined);
    const before = this.#work.at(-1) ?? Promise.resolve();
    const work = before.then(async () => this.#pass(window, await known));
    // Seen by whoever awaits it; until then it must not count as unhandled.
    work.catch(() => undefined);
    this.#work.push(work);
  }

  async #pass(window: Window, known: ReadonlySet<Digest>): Promise<void> {
    for (const { digest, begin, end } of window.chunks) {
      if (this.#isAborted) return;
      if (known.has(digest)) continue;
      this.newChunks += 1;
      this.newBytes += end - begin;
      await this.#writer.add(digest, window.buffer.subarray(begin, end));
    }
    window.length = 0;
    window.chunks = [];
    this.#free.push(window);
  }

  async #empty(): Promise<Window> {
    while (this.#free.length === 0 && this.#made === windows) await this.#work.shift();
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#made += 1;
    return { buffer: Buffer.allocUnsafeSlow(windowBytes + limits.chunkMax), length: 0, chunks: [] };
  }
}
