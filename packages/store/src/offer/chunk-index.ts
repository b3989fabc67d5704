import type { Digest, DomainId, PackFrame } from '@xylem/core';

/** Where a chunk lies: a frame of a pack, and the chunk's place in the frame's content. Bytes. */
export interface ChunkPlace {
  readonly sizeBytes: number;
  readonly pack: Digest;
  readonly packSizeBytes: number;
  readonly frameOffset: number;
  readonly frameLength: number;
  readonly frameRawLength: number;
  readonly offsetInFrame: number;
}

/** Which chunks a domain's packs hold. Implementations: in memory here, in SQL in the root server; one contract suite. */
export interface ChunkIndex {
  /** Of the digests asked for, those that are known. A chunk in several packs is answered from the one added first. */
  locate(domain: DomainId, digests: Iterable<Digest>): Promise<ReadonlyMap<Digest, ChunkPlace>>;
  /** Repeatable: a pack that is known changes nothing. */
  addPack(
    domain: DomainId,
    pack: { readonly digest: Digest; readonly sizeBytes: number },
    frames: readonly PackFrame[],
  ): Promise<void>;
  /** Forgets a pack; chunks that another pack holds stay. */
  removePack(domain: DomainId, pack: Digest): Promise<void>;
  hasPack(domain: DomainId, pack: Digest): Promise<boolean>;
}
