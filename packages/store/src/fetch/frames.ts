import { type Digest, sha256, XylemError } from '@xylem/core';
import { decodeFrame } from '../pack/frame.ts';
import type { ComparedTransfer } from '../source/comparison.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { readPieces } from '../source/read.ts';
import { withFrameBuffer } from './frame-buffers.ts';
import type { KeptFrame } from './kept-frame.ts';
import type { ChunkBytes } from './placement.ts';
import type { FetchRange, WantedFrame } from './plan.ts';

export interface FetchRangeOptions {
  /** The pack's path in the repository. */
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  /** Of this source: reads in its place, and may find that another is faster. */
  readonly compared?: ComparedTransfer | undefined;
  /** Where a frame goes on that was cut off; null: from its first byte. */
  readonly kept: KeptFrame | null;
  /** Its frames are kept until all of them are whole: nothing of the first is in its place before. */
  readonly isTogether: boolean;
  readonly onRequest: () => void;
  readonly onBytes: (count: number) => void;
  /**
   * Takes a frame: its content, and those of its chunks that were wanted, each checked by its digest. The next frame
   * is looked at when it has resolved, in the same memory.
   */
  readonly onFrame: (frame: WantedFrame, content: Uint8Array, chunks: readonly ChunkBytes[]) => Promise<void>;
  /** Makes what `onFrame` took durable: it took long. */
  readonly save: () => Promise<void>;
}

const nothing = Buffer.alloc(0);

/**
 * Fetches a range from one source and hands it over frame by frame. One frame at a time, so that whoever is killed
 * fetches less than one again; the kernel's buffers keep the line busy meanwhile.
 * @throws XylemError E_PACK_INVALID, E_OBJECT_DIGEST, E_OBJECT_MISSING, E_PARENT_STALE, E_PARENT_SLOW (retry elsewhere)
 */
export async function fetchRange(
  source: ObjectSource,
  range: FetchRange,
  options: FetchRangeOptions,
): Promise<void> {
  const longest = options.isTogether
    ? range.length
    : Math.max(0, ...range.frames.map(({ length }) => length));
  const begun = (await options.kept?.read(range.pack, range.offset, range.length)) ?? nothing;
  await withFrameBuffer(longest, options.signal, async (buffer) => {
    if (await fetchInto(buffer, source, range, begun, options)) return;
    // Who went on with what others gave is judged by what it gives itself from the first byte on.
    await fetchInto(buffer, source, range, nothing, options);
  });
}

/** False where what was `begun` does not fit with what this source gave. */
async function fetchInto(
  buffer: Buffer,
  source: ObjectSource,
  range: FetchRange,
  begun: Buffer,
  options: FetchRangeOptions,
): Promise<boolean> {
  const { path, kept, isTogether, onFrame, save } = options;
  const pending = range.frames.values();
  let frame = pending.next().value;
  /** `buffer` holds the first `filled` bytes of the pack from `base` on. */
  let base = range.offset;
  let filled = 0;
  let position = range.offset;
  try {
    for await (const piece of piecesOf(source, range, begun, options)) {
      const end = position + piece.length;
      while (frame !== undefined && end > base + filled) {
        // The piece may begin in a gap before the frame, or go on behind it.
        const from = base + filled - position;
        const frameEnd = frame.offset + frame.length;
        const part = piece.subarray(from, from + frameEnd - base - filled);
        buffer.set(part, filled);
        filled += part.length;
        if (base + filled < frameEnd) break;
        const checked = await checkedFrame(source, path, frame, buffer.subarray(frame.offset - base, filled));
        if (checked instanceof XylemError) {
          filled = 0;
          await kept?.clear();
          if (frame.offset < range.offset + begun.length) return false;
          throw checked;
        }
        const tookLong = kept?.holds(range.pack, base) === true;
        if (!isTogether) filled = 0;
        await onFrame(frame, checked.content, checked.chunks);
        if (tookLong) await save();
        frame = pending.next().value;
        if (!isTogether) base = frame?.offset ?? end;
      }
      position = end;
      if (frame !== undefined && filled > 0) await kept?.soon(range.pack, base, buffer.subarray(0, filled));
    }
  } catch (error) {
    // It breaks off already: that the disk is full too is found by whoever writes next.
    if (filled > 0) await kept?.keep(range.pack, base, buffer.subarray(0, filled)).catch(() => undefined);
    throw error;
  }
  if (frame === undefined) return true;
  throw new XylemError('E_PACK_INVALID', `${path} of ${source.name} ends too early.`, { details: { path } });
}

async function* piecesOf(
  source: ObjectSource,
  { offset, length }: FetchRange,
  begun: Buffer,
  { path, signal, compared, onRequest, onBytes }: FetchRangeOptions,
): AsyncGenerator<Uint8Array, undefined> {
  if (begun.length > 0) yield begun;
  if (begun.length === length) return undefined;
  const request = {
    offset: offset + begun.length,
    length: length - begun.length,
    ...(signal === undefined ? {} : { signal }),
  };
  onRequest();
  for await (const piece of compared?.read(path, request) ?? readPieces(source, path, request)) {
    onBytes(piece.length);
    yield piece;
  }
  return undefined;
}

/** The fault of a frame that is not what was asked for. */
async function checkedFrame(
  source: ObjectSource,
  path: string,
  frame: WantedFrame,
  bytes: Uint8Array,
): Promise<{ readonly content: Uint8Array; readonly chunks: ChunkBytes[] } | XylemError> {
  try {
    const content = await contentOf(source, path, frame, bytes);
    return { content, chunks: chunksOf(source, path, frame, content) };
  } catch (error) {
    if (error instanceof XylemError) return error;
    throw error;
  }
}

async function contentOf(
  source: ObjectSource,
  path: string,
  frame: WantedFrame,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  try {
    return await decodeFrame(bytes, frame.rawLength);
  } catch (cause) {
    const what = `${source.name} gave a frame of ${path} that is not valid.`;
    throw new XylemError('E_PACK_INVALID', what, { cause, details: { path } });
  }
}

function chunksOf(source: ObjectSource, path: string, frame: WantedFrame, content: Uint8Array): ChunkBytes[] {
  return frame.chunks.map(({ digest, sizeBytes, offsetInFrame }) => {
    const bytes = content.subarray(offsetInFrame, offsetInFrame + sizeBytes);
    checkChunk(source.name, path, digest, bytes);
    return { digest, bytes };
  });
}

function checkChunk(from: string, path: string, digest: Digest, bytes: Uint8Array): void {
  if (sha256(bytes) === digest) return;
  throw new XylemError('E_OBJECT_DIGEST', `${from} gave other bytes for the chunk ${digest}.`, {
    details: { path },
  });
}
