import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type Chunk, type Digest, encodePackIndex, type PackFrame, packHeaderBytes } from '@xylem/core';
import { type PackInfo, packMagic, trailer, trailerBytes } from './layout.ts';
import { compress } from './zstd.ts';

/** Writes one pack to a file and hashes it on the way. Frames are appended one after the other. */
export class PackFileWriter {
  readonly file: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #frames: PackFrame[] = [];
  #offset = packHeaderBytes;

  private constructor(file: string, handle: FileHandle) {
    this.file = file;
    this.#handle = handle;
  }

  static async create(file: string): Promise<PackFileWriter> {
    const writer = new PackFileWriter(file, await open(file, 'wx'));
    try {
      await writer.#write([packMagic]);
      return writer;
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  /** Bytes of frames so far. */
  get framesBytes(): number {
    return this.#offset - packHeaderBytes;
  }

  async append(tag: number, payload: Uint8Array, rawLength: number, chunks: readonly Chunk[]): Promise<void> {
    const length = 1 + payload.length;
    this.#frames.push([this.#offset, length, rawLength, chunks]);
    this.#offset += length;
    await this.#write([Buffer.of(tag), payload]);
  }

  /** Adds index and trailer and closes the file, also when it fails. */
  async finish(): Promise<PackInfo> {
    try {
      return await this.#finish();
    } finally {
      await this.close();
    }
  }

  async #finish(): Promise<PackInfo> {
    // The index compresses once and is read often: a better level than that of the frames.
    const index = await compress(encodePackIndex(this.#frames), 9);
    await this.#write([index, trailer(this.#offset, index.length)]);
    return {
      digest: this.#hash.digest('hex') as Digest,
      sizeBytes: this.#offset + index.length + trailerBytes,
      frames: this.#frames,
    };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) this.#hash.update(piece);
    let rest = pieces.filter((piece) => piece.length > 0);
    while (rest.length > 0) {
      let { bytesWritten } = await this.#handle.writev(rest);
      rest = rest.flatMap((piece) => {
        const written = Math.min(piece.length, bytesWritten);
        bytesWritten -= written;
        return written === piece.length ? [] : [piece.subarray(written)];
      });
    }
  }
}
