import {
  type Chunk,
  type ChunkRun,
  type Digest,
  type DomainId,
  encodeOffer,
  type Offer,
  parseTree,
  sha256,
  XylemError,
} from '@xylem/core';
import { compress } from '../pack/zstd.ts';
import type { Repository } from '../repository/repository.ts';
import type { ChunkIndex, ChunkPlace } from './chunk-index.ts';
import { numberChunks } from './numbering.ts';
import { readPlaces } from './read-places.ts';

export interface PublishOfferOptions {
  readonly repository: Repository;
  readonly domain: DomainId;
  readonly tree: Digest;
  readonly treeChunks: readonly Chunk[];
  readonly index: ChunkIndex;
}

/**
 * Reads the tree from its packs, verifies it, writes `o/<domain>/offers/<tree>`. Repeatable.
 * @throws E_OBJECT_MISSING where a chunk is in no pack; E_TREE_* and E_OBJECT_DIGEST where the tree is not valid
 */
export async function publishOffer(
  options: PublishOfferOptions,
): Promise<{ files: number; sizeBytes: number }> {
  const { repository, domain, tree, treeChunks, index } = options;
  const ofTree = await locateAll(index, domain, treeChunks);
  const pieces: Uint8Array[] = [];
  for await (const bytes of readPlaces(repository, domain, ofTree)) pieces.push(bytes);
  const text = Buffer.concat(pieces);
  if (sha256(text) !== tree) {
    throw new XylemError('E_OBJECT_DIGEST', `The chunks given for the tree ${tree} are another text.`);
  }
  const entries = parseTree(text);
  const chunks = numberChunks(treeChunks, entries);
  const places = await locateAll(index, domain, chunks);
  const offer = encodeOffer(offerOf(tree, treeChunks, places));
  await repository.putFile(`o/${domain}/offers/${tree}`, await compress(offer, 9));
  const files = entries.filter((entry) => entry.type === 'file');
  return { files: files.length, sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0) };
}

async function locateAll(
  index: ChunkIndex,
  domain: DomainId,
  chunks: readonly Chunk[],
): Promise<ChunkPlace[]> {
  const found = await index.locate(
    domain,
    chunks.map(([digest]) => digest),
  );
  return chunks.map(([digest, sizeBytes]) => {
    const place = found.get(digest);
    if (place === undefined) {
      throw new XylemError(
        'E_OBJECT_MISSING',
        `The chunk ${digest} is in no pack of the domain; publish again.`,
      );
    }
    if (place.sizeBytes !== sizeBytes) {
      throw new XylemError(
        'E_TREE_INVALID',
        `The chunk ${digest} has ${place.sizeBytes} bytes, not ${sizeBytes}.`,
      );
    }
    return place;
  });
}

interface FrameRuns {
  readonly place: ChunkPlace;
  readonly runs: [first: number, count: number, offsetInFrame: number][];
  /** Where the last run ends in the frame. */
  end: number;
}

/** `places[n]` is where chunk `n` lies. */
export function offerOf(tree: Digest, treeChunks: readonly Chunk[], places: readonly ChunkPlace[]): Offer {
  const packs = new Map<Digest, number>();
  const frames = new Map<string, FrameRuns>();
  for (const [number, place] of places.entries()) {
    if (!packs.has(place.pack)) packs.set(place.pack, packs.size);
    const key = `${place.pack} ${place.frameOffset}`;
    const frame = frames.get(key) ?? { place, runs: [], end: -1 };
    frames.set(key, frame);
    const run = frame.runs.at(-1);
    if (run !== undefined && run[0] + run[1] === number && frame.end === place.offsetInFrame) run[1] += 1;
    else frame.runs.push([number, 1, place.offsetInFrame]);
    frame.end = place.offsetInFrame + place.sizeBytes;
  }
  const sizes = new Map(places.map((place) => [place.pack, place.packSizeBytes]));
  return {
    format: 'xylem-offer-1',
    tree,
    treeChunks,
    packs: [...packs.keys()].map((digest) => [digest, sizes.get(digest) ?? 0] as const),
    frames: [...frames.values()].map(
      ({ place, runs }) =>
        [
          packs.get(place.pack) ?? 0,
          place.frameOffset,
          place.frameLength,
          place.frameRawLength,
          runs as readonly ChunkRun[],
        ] as const,
    ),
  };
}
