import { createHash, type Hash } from 'node:crypto';
import { type Digest, type TreeFile, XylemError } from '@xylem/core';
import { hashOf } from '../repository/hash-file.ts';
import { inParallel } from './parallel.ts';
import type { FilePiece, Staging } from './staging.ts';

/** A verified chunk. */
export interface ChunkBytes {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

interface Progress {
  /** Chunks still to come. */
  left: number;
  /** Of the file's first `hashedBytes`: as far as it arrived in order. */
  hash?: Hash;
  hashedBytes: number;
}

const filesAtOnce = 32;

/**
 * Which chunks are still wanted and where they belong. Chunks come in verified, in any order, from wherever; a file
 * whose last chunk is in place has been checked by its own digest.
 */
export class Placement {
  readonly #staging: Staging;
  readonly #targets = new Map<Digest, { readonly file: TreeFile; readonly offset: number }[]>();
  readonly #progress = new Map<TreeFile, Progress>();
  readonly #onPlaced: (bytes: number) => void;

  constructor(staging: Staging, files: Iterable<TreeFile>, onPlaced: (bytes: number) => void) {
    this.#staging = staging;
    this.#onPlaced = onPlaced;
    for (const file of files) {
      this.#progress.set(file, { left: file.chunks.length, hashedBytes: 0 });
      let offset = 0;
      for (const [digest, sizeBytes] of file.chunks) {
        const places = this.#targets.get(digest);
        if (places === undefined) this.#targets.set(digest, [{ file, offset }]);
        else places.push({ file, offset });
        offset += sizeBytes;
      }
    }
  }

  isWanted(digest: Digest): boolean {
    return this.#targets.has(digest);
  }

  wanted(): Iterable<Digest> {
    return this.#targets.keys();
  }

  get isComplete(): boolean {
    return this.#targets.size === 0;
  }

  /** A verified chunk lies in `file` at `offset` already. Its other places are still to be written. */
  found(file: TreeFile, digest: Digest, sizeBytes: number, offset: number): void {
    const places = this.#targets.get(digest);
    const at = places?.findIndex((place) => place.file === file && place.offset === offset) ?? -1;
    if (places === undefined || at < 0) return;
    places.splice(at, 1);
    if (places.length === 0) this.#targets.delete(digest);
    this.#count(file, sizeBytes);
  }

  /** Ends files whose chunks were all found. */
  async settleFound(): Promise<void> {
    for (const [file, { left }] of this.#progress) if (left === 0) await this.#finish(file);
  }

  /** Writes chunks wherever they belong; those nobody wants any more are passed over. Returns the bytes written. */
  async place(chunks: Iterable<ChunkBytes>): Promise<number> {
    const files = new Map<TreeFile, FilePiece[]>();
    let total = 0;
    for (const { digest, bytes } of chunks) {
      const places = this.#targets.get(digest);
      this.#targets.delete(digest);
      for (const { file, offset } of places ?? []) {
        const pieces = files.get(file);
        if (pieces === undefined) files.set(file, [{ offset, bytes }]);
        else pieces.push({ offset, bytes });
        total += bytes.length;
      }
    }
    await inParallel(files, filesAtOnce, async ([file, pieces]) => {
      await this.#staging.write(file, pieces);
      for (const { offset, bytes } of pieces) {
        this.#hash(file, offset, bytes);
        this.#count(file, bytes.length);
      }
      if (this.#progress.get(file)?.left === 0) await this.#finish(file);
    });
    return total;
  }

  /** Makes all that was placed durable. @throws XylemError E_STORAGE: what is not durable was discarded */
  async save(): Promise<void> {
    await this.#staging.save();
  }

  #count(file: TreeFile, sizeBytes: number): void {
    const progress = this.#progress.get(file);
    if (progress !== undefined) progress.left -= 1;
    this.#onPlaced(sizeBytes);
  }

  #hash(file: TreeFile, offset: number, bytes: Uint8Array): void {
    const progress = this.#progress.get(file);
    if (progress === undefined || file.chunks.length === 1 || offset !== progress.hashedBytes) return;
    progress.hash ??= createHash('sha256');
    progress.hash.update(bytes);
    progress.hashedBytes += bytes.length;
  }

  /** The chunks were right; that they make up the file is checked by its digest (docs/spec/objects.md, Offers). */
  async #finish(file: TreeFile): Promise<void> {
    const progress = this.#progress.get(file);
    this.#progress.delete(file);
    // One chunk is the file: its digest has been checked.
    if (file.chunks.length === 1) return;
    const inOrder = progress?.hash !== undefined && progress.hashedBytes === file.sizeBytes;
    const digest = inOrder ? progress.hash?.digest('hex') : await hashOf(this.#staging.path(file));
    if (digest === file.digest) return;
    await this.#staging.discard(file);
    throw new XylemError(
      'E_TREE_INVALID',
      `The chunks of ${file.path} do not make up the file that the tree names.`,
      { retry: 'never', details: { path: file.path } },
    );
  }
}
