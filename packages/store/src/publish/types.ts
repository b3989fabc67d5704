import type { Worker } from 'node:worker_threads';
import type { Chunk, Digest, PackFrame, TreeEntry } from '@xylem/core';
import type { Exclude } from './scan.ts';

/** A pack on disk, below the sink's scratch folder, complete but not synced. The sink may move it away. */
export interface PackFile {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly file: string;
  readonly frames: readonly PackFrame[];
}

/** Where a publisher's packs go: a repository on disk, or a root server over its API. */
export interface PackSink {
  /** Where packs are written until they are given; best on the same file system as the repository. */
  readonly scratchFolder: string;
  /** Which of these the receiver holds already (at most 10,000 asked at once). */
  knownChunks(digests: readonly Digest[]): Promise<ReadonlySet<Digest>>;
  putPack(pack: PackFile): Promise<void>;
}

export interface PublishOptions {
  readonly folder: string;
  readonly sink: PackSink;
  readonly exclude?: Exclude;
  /** The entries of an earlier tree: a file of the same path, size and digest is neither cut nor handed over. */
  readonly previous?: Iterable<TreeEntry>;
  /** zstd level; default `defaultLevel`. */
  readonly level?: number;
  /** Threads that read many files, or hash large ones, side by side; `start` starts one that runs `serveReader`. */
  readonly readers?: { readonly count: number; readonly start: () => Worker } | undefined;
  readonly signal?: AbortSignal;
  /** Bytes read and bytes of all files. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface PublishedTree {
  readonly tree: Digest;
  /** What the tree says; give it as `previous` the next time. */
  readonly entries: readonly TreeEntry[];
  /** The chunks of the tree's own text, in order: what `makeOffer` and the root server's API want. */
  readonly treeChunks: readonly Chunk[];
  /** Sum of all files. */
  readonly sizeBytes: number;
  readonly files: number;
  readonly chunks: number;
  /** What the receiver lacked. */
  readonly newChunks: number;
  readonly newBytes: number;
  readonly packs: readonly { readonly digest: Digest; readonly sizeBytes: number }[];
  readonly packedBytes: number;
}
