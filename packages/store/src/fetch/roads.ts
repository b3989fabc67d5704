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
/** Of chunks, before their offer says how many: one for that, and one for what it names. */
const leastRequests = 2;

/** One way in which a tree could come. */
export interface Road {
  readonly kind: 'patch' | 'chunks' | 'whole';
  /** The tree that it begins at; null: whatever is here, or nothing. */
  readonly from: Digest | null;
  readonly bytes: number;
  /** Absent: not known, since that takes the offer, for which nobody asked. */
  readonly requests?: number;
  /** At the rate that parents gave lately; null: that is not known. */
  readonly seconds: number | null;
  /** It was taken first, and given up by this fault. */
  readonly nowhere?: { readonly code: ErrorCode; readonly message: string };
}

export type WithoutPatch =
  | 'no patch from a tree that was here'
  | 'nothing of it was here'
  | 'its list of files had come before';

export interface RoadChoice {
  readonly kind: Road['kind'];
  readonly why:
    | 'fewest bytes'
    | 'least time'
    | 'too little memory for a patch'
    | 'the patch led nowhere'
    | WithoutPatch;
  readonly roads: readonly Road[];
}

/** What a host has to weigh roads by. */
export interface HostMeans {
  /** What parents gave lately; null: not known. */
  readonly bytesPerSecond: number | null;
  /** Of one request; null, absent: not known, and not counted. */
  readonly roundTripMs?: number | null;
  /** That it may take. */
  readonly memoryBytes: number;
}

export const unknownMeans: HostMeans = { bytesPerSecond: null, memoryBytes: Number.POSITIVE_INFINITY };

/** By docs/spec/patches.md, Which patches there are. Pure. */
export function chooseRoad(
  [from, , sizeBytes, madeBytes, chunkBytes]: ListedPatch,
  means: HostMeans,
): RoadChoice {
  const { bytesPerSecond, memoryBytes } = means;
  const patch: Road = {
    kind: 'patch',
    from,
    bytes: sizeBytes,
    requests: 1,
    seconds: secondsOf({ bytes: sizeBytes, requests: 1 }, madeBytes / madeBytesPerSecond, means),
  };
  const chunks: Road = {
    kind: 'chunks',
    from,
    bytes: chunkBytes,
    seconds: secondsOf(
      { bytes: chunkBytes, requests: leastRequests },
      chunkBytes / chunkBytesPerSecond,
      means,
    ),
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

/** What a road takes, its offer and the tree's text included. */
export interface PlannedRoad {
  readonly bytes: number;
  readonly requests: number;
}

/**
 * Pure. All roads once the offer was read and chunks come: those that were weighed before, with chunks as they are planned.
 * @param isNew nothing of the tree was here, so that chunks bring all of it
 * @param why where no patch was weighed
 */
export function roadsOfPlan(
  weighed: RoadChoice | null,
  { chunks, whole }: { readonly chunks: PlannedRoad; readonly whole: PlannedRoad },
  isNew: boolean,
  why: WithoutPatch,
  means: HostMeans,
): RoadChoice {
  const road = (kind: Road['kind'], planned: PlannedRoad): Road => ({
    kind,
    from: null,
    ...planned,
    seconds: secondsOf(planned, planned.bytes / chunkBytesPerSecond, means),
  });
  if (weighed === null && isNew) return { kind: 'whole', why, roads: [road('whole', chunks)] };
  const patches = weighed?.roads.filter(({ kind }) => kind === 'patch') ?? [];
  const roads = [...patches, road('chunks', chunks), road('whole', whole)];
  return { kind: 'chunks', why: weighed?.why ?? why, roads };
}

function secondsOf(
  { bytes, requests }: PlannedRoad,
  workSeconds: number,
  { bytesPerSecond, roundTripMs }: HostMeans,
): number | null {
  if (bytesPerSecond === null) return null;
  return bytes / bytesPerSecond + (requests * (roundTripMs ?? 0)) / 1000 + workSeconds;
}
