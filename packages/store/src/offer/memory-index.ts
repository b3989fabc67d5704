import type { Digest, DomainId, PackFrame } from '@xylem/core';
import type { ChunkIndex, ChunkPlace } from './chunk-index.ts';

interface Pack {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly frames: readonly PackFrame[];
}

/** One of a chunk's places; the others hang on it, so that the usual single one costs one small object. */
interface Place {
  readonly pack: Pack;
  readonly frame: PackFrame;
  readonly offsetInFrame: number;
  readonly sizeBytes: number;
  next: Place | undefined;
}

interface Domain {
  readonly packs: Map<Digest, Pack>;
  /** Per chunk its places, the one added first at the front. */
  readonly chunks: Map<Digest, Place>;
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
        const place = chunks.get(digest);
        if (place !== undefined) found.set(digest, placeOf(place));
      }
      return found;
    },
    addPack: async (id, { digest, sizeBytes }, frames) => {
      const { packs, chunks } = domainOf(id);
      if (packs.has(digest)) return;
      const pack: Pack = { digest, sizeBytes, frames };
      packs.set(digest, pack);
      for (const frame of frames) {
        let offsetInFrame = 0;
        for (const [chunk, size] of frame[3]) {
          const place: Place = { pack, frame, offsetInFrame, sizeBytes: size, next: undefined };
          const first = chunks.get(chunk);
          if (first === undefined) chunks.set(chunk, place);
          else lastOf(first).next = place;
          offsetInFrame += size;
        }
      }
    },
    removePack: async (id, digest) => {
      const { packs, chunks } = domainOf(id);
      for (const frame of packs.get(digest)?.frames ?? []) {
        for (const [chunk] of frame[3]) {
          const left = without(chunks.get(chunk), digest);
          if (left === undefined) chunks.delete(chunk);
          else chunks.set(chunk, left);
        }
      }
      packs.delete(digest);
    },
    hasPack: async (id, pack) => domainOf(id).packs.has(pack),
  };
}

function placeOf({ pack, frame, offsetInFrame, sizeBytes }: Place): ChunkPlace {
  const [frameOffset, frameLength, frameRawLength] = frame;
  const inPack = { pack: pack.digest, packSizeBytes: pack.sizeBytes };
  return { sizeBytes, ...inPack, frameOffset, frameLength, frameRawLength, offsetInFrame };
}

function lastOf(place: Place): Place {
  let last = place;
  while (last.next !== undefined) last = last.next;
  return last;
}

/** The list without the places in one pack. */
function without(first: Place | undefined, pack: Digest): Place | undefined {
  if (first === undefined) return undefined;
  const next = without(first.next, pack);
  if (first.pack.digest === pack) return next;
  first.next = next;
  return first;
}
