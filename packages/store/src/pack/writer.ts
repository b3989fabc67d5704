import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import {
  type Chunk,
  type Digest,
  encodePackIndex,
  limits,
  type PackFrame,
  packHeaderBytes,
} from '@xylem/core';
import type { PackFile } from '../publish/types.ts';
import { storageError } from '../repository/faults.ts';
import { encodeFrame } from './frame.ts';

const compress = promisify(zlib.zstdCompress);

export interface PackWriterOptions {
  /** A new path for each pack's file. */
  readonly temporary: () => string;
  /** Takes each finished pack, and moves or removes its file. */
  readonly onPack: (pack: PackFile) => Promise<void>;
  readonly level: number;
}

/** Frames being compressed at once: enough for all cores, few enough to bound memory. */
const inFlight = 6;

/**
 * Gathers chunks into frames and frames into packs, in the order in which they are added. Compression runs on the
 * thread pool, several frames at once; writing keeps the order. Memory: `inFlight` frames, whatever the input's size.
 */
export class PackWriter {
  readonly #options: PackWriterOptions;
  readonly #waiting: { frame: Promise<Uint8Array>; rawLength: number; chunks: Chunk[] }[] = [];
  #content: Uint8Array[] = [];
  #contentBytes = 0;
  #chunks: Chunk[] = [];
  #file: FileHandle | undefined;
  #path = '';
  #hash: Hash = createHash('sha256');
  #offset = 0;
  #frames: PackFrame[] = [];

  constructor(options: PackWriterOptions) {
    this.#options = options;
  }

  /** Adds a chunk. The bytes are copied. */
  async add(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (this.#contentBytes + bytes.length > limits.frameContent) await this.#closeFrame();
    this.#content.push(Buffer.from(bytes));
    this.#contentBytes += bytes.length;
    this.#chunks.push([digest, bytes.length]);
  }

  /** Writes what is left. */
  async end(): Promise<void> {
    await this.#closeFrame();
    await this.#drain(0);
    await this.#closePack();
  }

  /** Throws away the pack that is being written. */
  async abort(): Promise<void> {
    await Promise.allSettled(this.#waiting.map(({ frame }) => frame));
    await this.#file?.close().catch(() => undefined);
    if (this.#path !== '') await unlink(this.#path).catch(() => undefined);
  }

  async #closeFrame(): Promise<void> {
    if (this.#chunks.length === 0) return;
    const content =
      this.#content.length === 1 ? (this.#content[0] as Uint8Array) : Buffer.concat(this.#content);
    const frame = encodeFrame(content, this.#options.level);
    frame.catch(() => undefined);
    this.#waiting.push({ frame, rawLength: content.length, chunks: this.#chunks });
    this.#content = [];
    this.#contentBytes = 0;
    this.#chunks = [];
    await this.#drain(inFlight);
  }

  async #drain(atMost: number): Promise<void> {
    while (this.#waiting.length > atMost) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      await this.#write(await next.frame, next.rawLength, next.chunks);
    }
  }

  async #write(frame: Uint8Array, rawLength: number, chunks: readonly Chunk[]): Promise<void> {
    if (this.#file === undefined) {
      this.#path = this.#options.temporary();
      this.#hash = createHash('sha256');
      this.#frames = [];
      this.#offset = 0;
      await this.#guard(async () => {
        this.#file = await open(this.#path, 'wx');
      });
      await this.#append(Buffer.from('XYLPACK1'));
    }
    this.#frames.push([this.#offset, frame.length, rawLength, chunks]);
    await this.#append(frame);
    if (this.#offset - packHeaderBytes >= limits.packFrames) await this.#closePack();
  }

  async #closePack(): Promise<void> {
    if (this.#file === undefined) return;
    const index = await compress(encodePackIndex(this.#frames));
    const trailer = Buffer.alloc(16, 'XYP1', 'latin1');
    trailer.writeBigUInt64LE(BigInt(this.#offset), 0);
    trailer.writeUInt32LE(index.length, 8);
    await this.#append(index);
    await this.#append(trailer);
    const file = this.#file;
    await this.#guard(() => file.sync());
    await file.close();
    this.#file = undefined;
    const digest = this.#hash.digest('hex') as Digest;
    await this.#options.onPack({ file: this.#path, digest, sizeBytes: this.#offset, frames: this.#frames });
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    await this.#guard(async () => this.#file?.writeFile(bytes));
    this.#offset += bytes.length;
  }

  async #guard(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw storageError(error, 'a pack');
    }
  }
}
