import { createHash, type Hash } from 'node:crypto';
import type { Chunk, Digest, TreeFile } from '@xylem/core';
import { Cutter } from '../chunk/cutter.ts';

/** What a tree says of a file's content, found while it comes in pieces. */
export class GrowingFile {
  readonly #whole = createHash('sha256');
  readonly #cutter = new Cutter();
  readonly #chunks: Chunk[] = [];
  #chunk: Hash = createHash('sha256');
  #chunkBytes = 0;
  #bytes = 0;

  get sizeBytes(): number {
    return this.#bytes;
  }

  push(bytes: Uint8Array): void {
    this.#whole.update(bytes);
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const cut = this.#cutter.next(bytes, at);
      const end = cut === -1 ? bytes.length : cut;
      this.#chunk.update(bytes.subarray(at, end));
      this.#chunkBytes += end - at;
      if (cut !== -1) this.#cut();
      at = end;
    }
  }

  end(): Pick<TreeFile, 'digest' | 'chunks'> {
    if (this.#chunkBytes > 0) this.#cut();
    return { digest: this.#whole.digest('hex') as Digest, chunks: this.#chunks };
  }

  #cut(): void {
    this.#chunks.push([this.#chunk.digest('hex') as Digest, this.#chunkBytes]);
    this.#chunk = createHash('sha256');
    this.#chunkBytes = 0;
  }
}
