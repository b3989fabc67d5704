import type { Digest, DomainId, PackFrame } from '@xylem/core';
import type { Clock, HttpClient } from '@xylem/platform';
import type { FetchedTree, FetchTreeOptions } from './fetch/types.ts';
import type { ChunkIndex } from './offer/chunk-index.ts';
import type { PackSink } from './publish/types.ts';
import type { Repository } from './repository/repository.ts';
import type { ObjectSource, SourceChoice } from './source/object-source.ts';
import type { Refused } from './source/refused.ts';

export type { FetchedTree, FetchTreeOptions, Seed } from './fetch/types.ts';
export type { ChunkIndex, ChunkPlace } from './offer/chunk-index.ts';
export type { PackFile, PackSink, PublishedTree, PublishOptions } from './publish/types.ts';
export type { Bytes, Repository } from './repository/repository.ts';
export type { ObjectSource, SourceAnswer, SourceChoice, SourceRequest } from './source/object-source.ts';
export type { Refused } from './source/refused.ts';

export { type NewsHub, type NewsHubOptions, newsHub } from './news/hub.ts';
export { readNewsFile, writeNewsFile } from './news/file.ts';
export { defaultLevel, publishTree } from './publish/publish-tree.ts';
export { scanFolder, type ScannedEntry } from './publish/scan.ts';
export { openRepository } from './repository/disk-repository.ts';
export type { Asked } from './serve/paths.ts';
export { serveRepository } from './serve/serve.ts';

const soon = (): never => {
  throw new Error('not yet');
};

/** Keeps the packs in `domain` of a repository and in its index. */
export const repositorySink: (repository: Repository, domain: DomainId, index: ChunkIndex) => PackSink = soon;
export const memoryChunkIndex: () => ChunkIndex = soon;
/** Reads the tree from its packs, verifies it, writes `o/<domain>/offers/<tree>`. Throws E_OBJECT_MISSING where a chunk is in no pack. */
export const publishOffer: (options: {
  repository: Repository;
  domain: DomainId;
  tree: Digest;
  treeChunks: readonly (readonly [Digest, number])[];
  index: ChunkIndex;
}) => Promise<{ files: number; sizeBytes: number }> = soon;
/** Hashes a pack on disk and reads its index; does not decompress its frames. */
export const readPackIndex: (file: string) => Promise<{ frames: readonly PackFrame[]; sizeBytes: number }> =
  soon;
/** Also decompresses each frame and hashes each chunk. Throws E_PACK_INVALID, E_OBJECT_DIGEST. */
export const verifyPack: (
  file: string,
  digest: Digest,
) => Promise<{ frames: readonly PackFrame[]; sizeBytes: number }> = soon;
export const httpSource: (client: HttpClient, baseUrl: string) => ObjectSource = soon;
export const repositorySource: (repository: Repository) => ObjectSource = soon;
export const failover: (
  sources: readonly ObjectSource[],
  options: { clock: Clock; onFault?: (source: string, error: Error) => void },
) => SourceChoice = soon;
export const fetchTree: (options: FetchTreeOptions) => Promise<FetchedTree> = soon;

export interface MirrorOptions {
  readonly source: ObjectSource | SourceChoice;
  readonly signal?: AbortSignal;
  readonly onRefused?: (refused: Refused) => void;
}
/** Copies objects from sources into a repository, each once however many ask at the same time; resumes partial ones. */
export interface Mirror {
  /** False when it was there already. */
  object(domain: DomainId, digest: Digest, options: MirrorOptions & { maxBytes?: number }): Promise<boolean>;
  /** Offer and packs. */
  tree(
    domain: DomainId,
    tree: Digest,
    options: MirrorOptions,
  ): Promise<{ packs: number; fetchedBytes: number }>;
}
export const createMirror: (repository: Repository) => Mirror = soon;
/** Removes objects and offers of a domain that are not in `keep` (digests of objects, packs and trees). */
export const prune: (
  repository: Repository,
  domain: DomainId,
  keep: ReadonlySet<Digest>,
) => Promise<{ removed: number; freedBytes: number }> = soon;
