import { type Digest, sha256, XylemError } from '@xylem/core';
import { decodeFrame } from '../pack/frame.ts';
import type { ComparedTransfer } from '../source/comparison.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { readPieces } from '../source/read.ts';
import { withFrameBuffer } from './frame-buffers.ts';
import type { ChunkBytes } from './placement.ts';
import type { FetchRange, WantedFrame } from './plan.ts';

export interface FetchRangeOptions {
  /** The pack's path in the repository. */
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  /** Of this source: reads in its place, and may find that another is faster. */
  readonly compared?: ComparedTransfer | undefined;
  readonly onBytes: (count: number) => void;
  /**
   * Takes a frame: its content, and those of its chunks that were wanted, each checked by its digest. The next frame
   * is looked at when it has resolved, in the same memory.
   */
  readonly onFrame: (frame: WantedFrame, content: Uint8Array, chunks: readonly ChunkBytes[]) => Promise<void>;
}

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
  const longest = Math.max(0, ...range.frames.map(({ length }) => length));
  await withFrameBuffer(longest, options.signal, (buffer) => fetchInto(buffer, source, range, options));
}

async function fetchInto(
  buffer: Buffer,
  source: ObjectSource,
  range: FetchRange,
  { path, signal, compared, onBytes, onFrame }: FetchRangeOptions,
): Promise<void> {
  const { offset, length } = range;
  const request = { offset, length, ...(signal === undefined ? {} : { signal }) };
  const pending = range.frames.values();
  let frame = pending.next().value;
  let filled = 0;
  let position = offset;
  for await (const piece of compared?.read(path, request) ?? readPieces(source, path, request)) {
    onBytes(piece.length);
    const end = position + piece.length;
    while (frame !== undefined && end > frame.offset) {
      // The piece may begin in a gap before the frame, or go on behind it.
      const from = frame.offset + filled - position;
      const part = piece.subarray(from, from + frame.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      if (filled < frame.length) break;
      const content = await contentOf(source, path, frame, buffer.subarray(0, filled));
      await onFrame(frame, content, chunksOf(source, path, frame, content));
      frame = pending.next().value;
      filled = 0;
    }
    position = end;
  }
  if (frame === undefined) return;
  throw new XylemError('E_PACK_INVALID', `${path} of ${source.name} ends too early.`, { details: { path } });
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

export function checkChunk(from: string, path: string, digest: Digest, bytes: Uint8Array): void {
  if (sha256(bytes) === digest) return;
  throw new XylemError('E_OBJECT_DIGEST', `${from} gave other bytes for the chunk ${digest}.`, {
    details: { path },
  });
}
