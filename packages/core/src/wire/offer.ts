import { XylemError } from '../errors.ts';
import { type Digest, isDigest } from '../ids.ts';
import { jcsBytes } from '../jcs.ts';
import { parseJson } from '../json.ts';
import { limits } from '../limits.ts';
import type { Chunk } from '../tree/entry.ts';
import { isChunk, isSize } from '../tree/line.ts';
import { checkFormat } from './document.ts';
import { maxFrameLength, packHeaderBytes } from './pack-index.ts';

/** Chunks `first` to `first + count - 1` lie one behind the other from `offsetInFrame` of the frame's content. */
export type ChunkRun = readonly [first: number, count: number, offsetInFrame: number];
/** `pack` is an index into `packs`; offset and length cover the tag. */
export type OfferFrame = readonly [
  pack: number,
  offset: number,
  length: number,
  rawLength: number,
  runs: readonly ChunkRun[],
];

/** docs/spec/objects.md, Offers, decompressed. */
export interface Offer {
  readonly format: 'xylem-offer-1';
  readonly tree: Digest;
  readonly treeChunks: readonly Chunk[];
  readonly packs: readonly (readonly [digest: Digest, sizeBytes: number])[];
  readonly frames: readonly OfferFrame[];
}

/**
 * Reads an offer. An offer is anybody's word: this checks that its numbers are possible and that each chunk lies in
 * exactly one run; whether the bytes are right, only their digests tell. Throws E_OFFER_INVALID.
 */
export function parseOffer(input: Uint8Array): Offer {
  const value = parseJson(input, 'offer', { maxBytes: limits.offer, code: 'E_OFFER_INVALID' });
  checkFormat(value, 'xylem-offer-1', 'offer', 'E_OFFER_INVALID');
  return verify(value);
}

export function encodeOffer(offer: Offer): Uint8Array {
  return jcsBytes(verify(offer));
}

function verify(value: unknown): Offer {
  const { tree, treeChunks, packs, frames } = value as Readonly<Record<string, unknown>>;
  if (typeof tree !== 'string' || !isDigest(tree)) return refuse('tree: expected a digest');
  if (!isChunks(treeChunks)) return refuse('treeChunks: expected chunks as [digest, size]');
  if (!isPacks(packs)) return refuse('packs: expected packs as [digest, size]');
  if (!Array.isArray(frames)) return refuse('frames: expected a list');
  const runs: ChunkRun[] = [];
  let before = -1;
  for (const [index, frame] of (frames as readonly unknown[]).entries()) {
    const first = checkFrame(frame, packs, runs, index);
    if (first <= before)
      return refuse(`frames[${index}]: expected the frames in the order of their first chunk`);
    before = first;
  }
  const chunks = countChunks(runs);
  if (chunks < treeChunks.length) return refuse('frames: not all chunks of the tree are in them');
  return { format: 'xylem-offer-1', tree, treeChunks, packs, frames: frames as readonly OfferFrame[] };
}

/** Checks a frame, adds its runs to `runs` and returns its lowest chunk. */
function checkFrame(frame: unknown, packs: Offer['packs'], runs: ChunkRun[], index: number): number {
  const bad = (): never =>
    refuse(`frames[${index}]: expected [pack, offset, length, rawLength, runs] of possible values`);
  if (!Array.isArray(frame) || frame.length !== 5) return bad();
  const [pack, offset, length, rawLength, frameRuns] = frame as readonly unknown[];
  if (!isSize(pack) || !isSize(offset) || !isSize(length) || !isSize(rawLength)) return bad();
  const packSize = packs[pack]?.[1];
  if (packSize === undefined || offset < packHeaderBytes || offset + length > packSize) return bad();
  if (length < 2 || length > maxFrameLength || rawLength < 1 || rawLength > limits.frameContent) return bad();
  if (!Array.isArray(frameRuns) || frameRuns.length === 0) return bad();
  let lowest = Number.POSITIVE_INFINITY;
  for (const run of frameRuns as readonly unknown[]) {
    if (!isRun(run) || run[2] + run[1] > rawLength) return bad();
    lowest = Math.min(lowest, run[0]);
    runs.push(run);
  }
  return lowest;
}

/** The number of chunks, which are numbered without gaps and each in one run. */
function countChunks(runs: ChunkRun[]): number {
  let next = 0;
  for (const [first, count] of runs.sort((a, b) => a[0] - b[0])) {
    if (first !== next) return refuse(`frames: expected chunk ${next} in exactly one run`);
    next = first + count;
  }
  return next;
}

function isRun(value: unknown): value is ChunkRun {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [first, count, offset] = value as readonly unknown[];
  return isSize(first) && isSize(count) && count > 0 && isSize(offset);
}

function isChunks(value: unknown): value is readonly Chunk[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  return (value as readonly unknown[]).every(
    (chunk) => isChunk(chunk) && chunk[1] >= 1 && chunk[1] <= limits.chunkMax,
  );
}

function isPacks(value: unknown): value is Offer['packs'] {
  return Array.isArray(value) && (value as readonly unknown[]).every((pack) => isChunk(pack));
}

function refuse(reason: string): never {
  throw new XylemError('E_OFFER_INVALID', `The offer is not valid: ${reason}.`);
}
