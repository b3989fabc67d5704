import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Digest, DomainId, EnvironmentId, NewsFile, PackFrame } from '@xylem/core';
import type { Clock, HttpClient, Log, Randomness } from '@xylem/platform';
import type { FetchedTree, FetchTreeOptions } from './fetch/types.ts';
import type { ChunkIndex } from './offer/chunk-index.ts';
import type { PackSink, PublishedTree, PublishOptions } from './publish/types.ts';
import type { Repository } from './repository/repository.ts';
import type { ObjectSource, SourceChoice } from './source/object-source.ts';
import type { Refused } from './source/refused.ts';

export type { FetchedTree, FetchTreeOptions, Seed } from './fetch/types.ts';
export type { ChunkIndex, ChunkPlace } from './offer/chunk-index.ts';
export type { PackFile, PackSink, PublishedTree, PublishOptions } from './publish/types.ts';
export type { Bytes, Repository } from './repository/repository.ts';
export type { ObjectSource, SourceAnswer, SourceChoice, SourceRequest } from './source/object-source.ts';
export type { Refused } from './source/refused.ts';

const soon = (): never => {
  throw new Error('not yet');
};

export const openRepository: (folder: string) => Promise<Repository> = soon;
export const publishTree: (options: PublishOptions) => Promise<PublishedTree> = soon;
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

/** What a request asks for. */
export type Asked =
  | { readonly kind: 'object' | 'offer'; readonly domain: DomainId; readonly digest: Digest }
  | { readonly kind: 'metadata'; readonly repository: string }
  | { readonly kind: 'news'; readonly environment: EnvironmentId };
/** Answers GET and HEAD of the repository's files; false (nothing sent) when the URL is none of them. */
export const serveRepository: (
  repository: Repository,
  options: { authorise: (request: IncomingMessage, asked: Asked) => boolean },
) => (request: IncomingMessage, response: ServerResponse) => boolean = soon;

export interface NewsHub {
  /** Answers `GET /news?since=…`. `allowed`: which environments the asking node may follow. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    allowed: (environment: EnvironmentId) => boolean,
  ): void;
  /** Wakes who waits for this environment. To be called after timestamp.json was replaced. */
  announce(environment: EnvironmentId): void;
  /** Answers all held requests with "ask again" and holds none any more. */
  close(): void;
}
export const newsHub: (
  repository: Repository,
  options: {
    clock: Clock;
    randomness: Randomness;
    log?: Log;
    holdMs?: number;
    maxHeld?: number;
    onAsked?: (request: IncomingMessage, environments: readonly EnvironmentId[]) => void;
  },
) => NewsHub = soon;
/** Writes `news/<environment>/<from>-<to>` and removes all but the last 8 values of `from`. */
export const writeNewsFile: (repository: Repository, news: NewsFile) => Promise<void> = soon;
/** Null where the source has none. Throws E_DOCUMENT_INVALID, E_TOO_LARGE. */
export const readNewsFile: (
  source: ObjectSource,
  environment: EnvironmentId,
  from: number,
  to: number,
  signal?: AbortSignal,
) => Promise<NewsFile | null> = soon;
