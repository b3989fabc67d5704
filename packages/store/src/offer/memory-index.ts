import type { Digest, DomainId, PackFrame } from '@xylem/core';
import type { ChunkIndex, ChunkPlace } from './chunk-index.ts';

interface Domain {
  readonly packs: Map<Digest, readonly Digest[]>;
  /** Per chunk its places, the one added first at the front. */
  readonly chunks: Map<Digest, ChunkPlace[]>;
}

/** A ChunkIndex that lives as long as the process: for publishing into a folder, for tests and benches. */
export function memoryChunkIndex(): ChunkIndex {
  const domains = new Map<DomainId, Domain>();
  const domainOf = (id: DomainId): Domain => {
    const domain = domains.get(id) ?? { packs: new Map(), chunks: new Map() };
    domains.set(id, domain);
    return domain;
  };

  return {
    locate: async (id, digests) => {
      const { chunks } = domainOf(id);
      const found = new Map<Digest, ChunkPlace>();
      for (const digest of digests) {
        const place = chunks.get(digest)?.[0];
        if (place !== undefined) found.set(digest, place);
      }
      return found;
    },
    addPack: async (id, pack, frames) => {
      const { packs, chunks } = domainOf(id);
      if (packs.has(pack.digest)) return;
      const held: Digest[] = [];
      for (const [digest, place] of placesOf(pack, frames)) {
        const places = chunks.get(digest) ?? [];
        chunks.set(digest, places);
        places.push(place);
        held.push(digest);
      }
      packs.set(pack.digest, held);
    },
    removePack: async (id, pack) => {
      const { packs, chunks } = domainOf(id);
      for (const digest of packs.get(pack) ?? []) {
        const left = (chunks.get(digest) ?? []).filter((place) => place.pack !== pack);
        if (left.length === 0) chunks.delete(digest);
        else chunks.set(digest, left);
      }
      packs.delete(pack);
    },
    hasPack: async (id, pack) => domainOf(id).packs.has(pack),
  };
}

/** Every chunk of a pack with its place. */
export function* placesOf(
  pack: { readonly digest: Digest; readonly sizeBytes: number },
  frames: readonly PackFrame[],
): Generator<[Digest, ChunkPlace]> {
  for (const [frameOffset, frameLength, frameRawLength, chunks] of frames) {
    let offsetInFrame = 0;
    for (const [digest, sizeBytes] of chunks) {
      const inPack = { pack: pack.digest, packSizeBytes: pack.sizeBytes };
      const inFrame = { frameOffset, frameLength, frameRawLength, offsetInFrame };
      yield [digest, { sizeBytes, ...inPack, ...inFrame }];
      offsetInFrame += sizeBytes;
    }
  }
}
