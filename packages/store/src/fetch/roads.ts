import type { Digest, ErrorCode, ListedPatch, XylemError } from '@xylem/core';

/** Above it time is worth more than bytes (100 Mbit/s). */
const fastBytesPerSecond = 12_500_000;
/** Less is worth no bytes: they are somebody else's time too. */
const worthSeconds = 0.2;
/** What a host does beside waiting for bytes, measured: Node.js by a patch, trees of 10 to 200 MB by chunks. */
const madeBytesPerSecond = 50_000_000;
const chunkBytesPerSecond = 100_000_000;
/** A patch takes about 80 MB while it is applied. */
const leastMemoryBytes = 128 * 2 ** 20;

/** One way in which a tree could come. */
export interface Road {
  readonly kind: 'patch' | 'chunks';
  /** The tree that it begins at. */
  readonly from: Digest;
  readonly bytes: number;
  /** At the rate that parents gave lately; null: that is not known. */
  readonly seconds: number | null;
  /** It was taken first, and given up by this fault. */
  readonly nowhere?: { readonly code: ErrorCode; readonly message: string };
}

export interface RoadChoice {
  readonly kind: Road['kind'];
  readonly why: 'fewest bytes' | 'least time' | 'too little memory for a patch' | 'the patch led nowhere';
  readonly roads: readonly Road[];
}

/** What a host has to weigh roads by. */
export interface HostMeans {
  /** What parents gave lately; null: not known. */
  readonly bytesPerSecond: number | null;
  /** That it may take. */
  readonly memoryBytes: number;
}

/** By docs/spec/patches.md, Which patches there are. Pure. */
export function chooseRoad(
  [from, , sizeBytes, madeBytes, chunkBytes]: ListedPatch,
  { bytesPerSecond, memoryBytes }: HostMeans,
): RoadChoice {
  const within = (bytes: number, workSeconds: number): number | null =>
    bytesPerSecond === null ? null : bytes / bytesPerSecond + workSeconds;
  const patch: Road = {
    kind: 'patch',
    from,
    bytes: sizeBytes,
    seconds: within(sizeBytes, madeBytes / madeBytesPerSecond),
  };
  const chunks: Road = {
    kind: 'chunks',
    from,
    bytes: chunkBytes,
    seconds: within(chunkBytes, chunkBytes / chunkBytesPerSecond),
  };
  const roads = [patch, chunks];
  if (memoryBytes < leastMemoryBytes) return { kind: 'chunks', why: 'too little memory for a patch', roads };
  const [most, fewest] = patch.bytes <= chunks.bytes ? [chunks, patch] : [patch, chunks];
  const isFast = (bytesPerSecond ?? 0) > fastBytesPerSecond;
  const savedSeconds = (fewest.seconds ?? 0) - (most.seconds ?? 0);
  if (isFast && savedSeconds >= worthSeconds) return { kind: most.kind, why: 'least time', roads };
  return { kind: fewest.kind, why: 'fewest bytes', roads };
}

/** What is chosen once the patch was tried in vain. Pure. */
export const withoutPatch = ({ roads }: RoadChoice, { code, message }: XylemError): RoadChoice => ({
  kind: 'chunks',
  why: 'the patch led nowhere',
  roads: roads.map((road) => (road.kind === 'patch' ? { ...road, nowhere: { code, message } } : road)),
});
