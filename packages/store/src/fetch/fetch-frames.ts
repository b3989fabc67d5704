import { type Chunk, type DomainId, maxFrameLength, type Offer, sha256, XylemError } from '@xylem/core';
import { type ComparedPart, ComparedTransfer, type Comparison } from '../source/comparison.ts';
import type { ObjectSource } from '../source/object-source.ts';
import type { FramesAhead } from './frame-buffers.ts';
import { fetchRange } from './frames.ts';
import type { KeptFrame } from './kept-frame.ts';
import type { Placement } from './placement.ts';
import { type FetchRange, partOf, rangesFor, withNeighbours } from './plan.ts';

/** What stays the same over all requests of one tree. */
export interface FrameFetch {
  readonly domain: DomainId;
  readonly signal: AbortSignal | undefined;
  readonly comparison: Comparison | undefined;
  readonly kept: KeptFrame;
  /** Contents of frames that the present source sent before it was known whether their chunks are wanted, by pack and offset. */
  readonly ahead: FramesAhead;
  /** Frames that were right, so far. */
  frames: number;
  readonly onBytes: (count: number) => void;
  readonly onRequest: () => void;
  /** What is going to be asked for of the tree's content. */
  readonly onPlan: (offer: Offer, numbered: readonly Chunk[], ranges: readonly FetchRange[]) => void;
}

/**
 * Fetches all that `placement` wants by one source's offer. `withTheRest`: also the frames that lie before those
 * wanted, and are kept in `ahead`, where that makes one small request of two.
 * @throws XylemError E_OFFER_INVALID where the offer does not lead to everything; what `fetchRange` throws
 */
export async function fetchFrames(
  fetch: FrameFetch,
  source: ObjectSource,
  offer: Offer,
  numbered: readonly Chunk[],
  placement: Placement,
  withTheRest = false,
): Promise<void> {
  const plan = (): FetchRange[] => rangesFor(offer, numbered, (digest) => placement.isWanted(digest));
  if (fetch.ahead.size > 0) await placeAhead(fetch, plan(), placement);
  const known = numbered.length;
  const mixed = new Set(
    offer.frames
      .filter(([, , , , runs]) => runs.some(([first, count]) => first + count > known))
      .map(([pack, offset]) => `${offer.packs[pack]?.[0]} ${offset}`),
  );
  const wanted = plan();
  const ranges = wanted.map((range, i) =>
    withTheRest && i === wanted.length - 1 ? withNeighbours(offer, range) : range,
  );
  if (!withTheRest) fetch.onPlan(offer, numbered, ranges);
  let leftBytes = ranges.reduce((sum, { length }) => sum + length, 0);
  const take = async (
    from: ObjectSource,
    range: FetchRange,
    signal: AbortSignal | undefined,
    compared?: ComparedTransfer,
  ): Promise<void> => {
    await fetchRange(from, range, {
      path: `o/${fetch.domain}/${range.pack}`,
      signal,
      compared,
      // A rival is given a part while the transfer that it is compared with goes on.
      kept: from === source ? fetch.kept : null,
      isTogether: withTheRest && range.length <= maxFrameLength,
      onRequest: fetch.onRequest,
      onBytes: (count) => {
        if (compared !== undefined) leftBytes -= count;
        fetch.onBytes(count);
      },
      onFrame: async (frame, content, chunks) => {
        const key = `${range.pack} ${frame.offset}`;
        if (withTheRest && mixed.has(key)) fetch.ahead.keep(key, content);
        await placement.place(chunks);
        fetch.frames += 1;
      },
      save: () => placement.save(),
    });
  };
  // Of neighbours nothing is known by which to check what another gives.
  const compared = comparedWith(fetch, source, wanted, () => leftBytes, take);
  for (const range of ranges) await take(source, range, fetch.signal, compared);
  if (placement.isComplete) return;
  throw new XylemError(
    'E_OFFER_INVALID',
    `The offer of ${source.name} does not lead to all chunks of the tree.`,
  );
}

/** Uses what came along with the tree's text. What is wrong of it may be an earlier source's, and is fetched as all else. */
async function placeAhead(
  fetch: FrameFetch,
  ranges: readonly FetchRange[],
  placement: Placement,
): Promise<void> {
  for (const { pack, frames } of ranges) {
    for (const frame of frames) {
      const content = fetch.ahead.get(`${pack} ${frame.offset}`);
      if (content === undefined) continue;
      const chunks = frame.chunks.map(({ digest, sizeBytes, offsetInFrame }) => ({
        digest,
        bytes: content.subarray(offsetInFrame, offsetInFrame + sizeBytes),
      }));
      if (chunks.every(({ digest, bytes }) => sha256(bytes) === digest)) await placement.place(chunks);
      else await fetch.kept.clear();
    }
  }
}

function comparedWith(
  { comparison, signal }: FrameFetch,
  source: ObjectSource,
  ranges: readonly FetchRange[],
  leftBytes: () => number,
  take: (from: ObjectSource, range: FetchRange, signal: AbortSignal) => Promise<void>,
): ComparedTransfer | undefined {
  if (comparison === undefined || ranges.length === 0) return undefined;
  const part = (left: number, wished: number): ComparedPart => {
    const range = partOf(ranges, left, wished);
    return { sizeBytes: range.length, take: (rival, late) => take(rival, range, late) };
  };
  return new ComparedTransfer({ comparison, source, signal, leftBytes, part });
}
