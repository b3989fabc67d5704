import { type Chunk, type Digest, type Offer, XylemError } from '@xylem/core';

export interface WantedChunk {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly offsetInFrame: number;
}

export interface WantedFrame {
  readonly offset: number;
  readonly length: number;
  readonly rawLength: number;
  readonly chunks: readonly WantedChunk[];
}

/** Neighbouring frames of one pack, fetched by one request. */
export interface FetchRange {
  readonly pack: Digest;
  readonly offset: number;
  readonly length: number;
  readonly frames: readonly WantedFrame[];
}

/** Bytes between two wanted frames below which one request for both is cheaper than two. */
const gapBytes = 64 * 1024;
/** A tree's own frames and what lies beside them: taken together when that is small, so an update is one request. */
const neighbourBytes = 1024 * 1024;

/**
 * The requests that bring the wanted chunks: the frames of the offer that hold one, in the order of their packs and
 * offsets, neighbours joined. `numbered[n]` is chunk n; runs that go beyond it are not known yet and left out.
 * @throws XylemError E_OFFER_INVALID
 */
export function rangesFor(
  offer: Offer,
  numbered: readonly Chunk[],
  isWanted: (digest: Digest) => boolean,
  maxGapBytes: number = gapBytes,
): FetchRange[] {
  const perPack = new Map<number, WantedFrame[]>();
  for (const [pack, offset, length, rawLength, runs] of offer.frames) {
    const chunks: WantedChunk[] = [];
    for (const [first, count, offsetInFrame] of runs) {
      let at = offsetInFrame;
      for (let n = first; n < first + count; n += 1) {
        const chunk = numbered[n];
        if (chunk === undefined) break;
        const [digest, sizeBytes] = chunk;
        if (isWanted(digest)) chunks.push({ digest, sizeBytes, offsetInFrame: at });
        at += sizeBytes;
      }
    }
    if (chunks.length === 0) continue;
    const frames = perPack.get(pack) ?? [];
    perPack.set(pack, frames);
    frames.push({ offset, length, rawLength, chunks });
  }
  return [...perPack].flatMap(([pack, frames]) => {
    const digest = offer.packs[pack]?.[0];
    return digest === undefined ? [] : joined(digest, frames, maxGapBytes);
  });
}

/**
 * The range with the frames that lie right before it, up to `neighbourBytes` in all: what is new with a tree lies
 * before its text, so a small update is one request. The chunks of these frames are not known yet.
 * @throws XylemError E_OFFER_INVALID
 */
export function withNeighbours(offer: Offer, range: FetchRange): FetchRange {
  const pack = offer.packs.findIndex(([digest]) => digest === range.pack);
  const end = range.offset + range.length;
  const before = offer.frames.filter((frame) => frame[0] === pack && frame[1] < range.offset);
  const neighbours: WantedFrame[] = [];
  let begin = range.offset;
  for (const [, offset, length, rawLength] of before.sort((a, b) => b[1] - a[1])) {
    if (offset + length < begin - gapBytes || end - offset > neighbourBytes) break;
    if (offset + length > begin) refuseOverlap();
    neighbours.unshift({ offset, length, rawLength, chunks: [] });
    begin = offset;
  }
  return { pack: range.pack, offset: begin, length: end - begin, frames: [...neighbours, ...range.frames] };
}

/**
 * One frame of what is still to come, for which another source is asked: a long one of at most `wishedBytes`, else the
 * shortest. Of those as good the last, so that what is to come after it is not two requests. Pure.
 */
export function partOf(ranges: readonly FetchRange[], leftBytes: number, wishedBytes: number): FetchRange {
  let behind = 0;
  const parts: FetchRange[] = [];
  for (const { pack, frames } of ranges.toReversed()) {
    for (const frame of frames.toReversed()) {
      if (parts.length > 0 && behind >= leftBytes) break;
      const { offset, length } = frame;
      parts.push({ pack, offset, length, frames: [frame] });
      behind += length;
    }
  }
  const short = parts.filter(({ length }) => length <= wishedBytes);
  const longest = Math.max(0, ...short.map(({ length }) => length));
  const good = short.find(({ length }) => length * 2 >= longest);
  const best = good ?? parts.toSorted((a, b) => a.length - b.length)[0];
  if (best === undefined) throw new RangeError('nothing is to come');
  return best;
}

function joined(pack: Digest, frames: readonly WantedFrame[], maxGapBytes: number): FetchRange[] {
  const ranges: { offset: number; end: number; frames: WantedFrame[] }[] = [];
  for (const frame of [...frames].sort((a, b) => a.offset - b.offset)) {
    const last = ranges.at(-1);
    if (last !== undefined && frame.offset < last.end) refuseOverlap();
    if (last !== undefined && frame.offset - last.end <= maxGapBytes) {
      last.frames.push(frame);
      last.end = frame.offset + frame.length;
    } else ranges.push({ offset: frame.offset, end: frame.offset + frame.length, frames: [frame] });
  }
  return ranges.map((range) => ({
    pack,
    offset: range.offset,
    length: range.end - range.offset,
    frames: range.frames,
  }));
}

function refuseOverlap(): never {
  throw new XylemError('E_OFFER_INVALID', 'An offer names frames that overlap.');
}
