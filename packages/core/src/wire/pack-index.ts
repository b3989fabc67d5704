import { XylemError } from '../errors.ts';
import { jcsBytes } from '../jcs.ts';
import { parseJson } from '../json.ts';
import { limits } from '../limits.ts';
import type { Chunk } from '../tree/entry.ts';
import { isChunk, isSize } from '../tree/line.ts';
import { checkFormat } from './document.ts';

/** Bytes from the pack's begin to the frame's tag, bytes with the tag, bytes of content, chunks in it. */
export type PackFrame = readonly [
  offset: number,
  length: number,
  rawLength: number,
  chunks: readonly Chunk[],
];

/** docs/spec/objects.md, Packs: the index, decompressed. */
export interface PackIndex {
  readonly format: 'xylem-pack-1';
  readonly frames: readonly PackFrame[];
}

/** Bytes before the first frame ("XYLPACK1"). */
export const packHeaderBytes = 8;

/** Reads an index and checks that its frames lie one behind the other and hold what they say. Throws E_PACK_INVALID. */
export function parsePackIndex(input: Uint8Array): PackIndex {
  const value = parseJson(input, 'pack index', { maxBytes: limits.packIndex, code: 'E_PACK_INVALID' });
  checkFormat(value, 'xylem-pack-1', 'pack index', 'E_PACK_INVALID');
  const { frames } = value as { readonly frames?: unknown };
  if (!Array.isArray(frames)) return refuse('frames: expected a list');
  let end = packHeaderBytes;
  for (const [index, frame] of (frames as readonly unknown[]).entries()) end = endOfFrame(frame, end, index);
  return { format: 'xylem-pack-1', frames: frames as readonly PackFrame[] };
}

export function encodePackIndex(frames: readonly PackFrame[]): Uint8Array {
  let end = packHeaderBytes;
  for (const [index, frame] of frames.entries()) end = endOfFrame(frame, end, index);
  return jcsBytes({ format: 'xylem-pack-1', frames });
}

function endOfFrame(frame: unknown, begin: number, index: number): number {
  if (!Array.isArray(frame) || frame.length !== 4) return refuse(`frames[${index}]: expected four elements`);
  const [offset, length, rawLength, chunks] = frame as readonly unknown[];
  if (offset !== begin) return refuse(`frames[${index}]: expected the offset ${begin}`);
  if (!isSize(length) || length < 2 || length > maxFrameLength)
    return refuse(`frames[${index}]: its length is not possible`);
  if (!isSize(rawLength) || rawLength > limits.frameContent)
    return refuse(`frames[${index}]: its content is too large`);
  if (!Array.isArray(chunks) || chunks.length === 0) return refuse(`frames[${index}]: expected chunks`);
  let total = 0;
  for (const chunk of chunks as readonly unknown[]) {
    if (!isChunk(chunk) || chunk[1] < 1 || chunk[1] > limits.chunkMax)
      return refuse(`frames[${index}]: a chunk is not valid`);
    total += chunk[1];
  }
  if (total !== rawLength)
    return refuse(`frames[${index}]: its chunks have ${total} bytes, its content ${rawLength}`);
  if (begin + length > limits.pack) return refuse(`frames[${index}]: it lies beyond the limit of a pack`);
  return begin + length;
}

/** A tag and content that would not compress: zstd adds little to what it can't shrink. */
export const maxFrameLength = limits.frameContent + 64 * 1024;

function refuse(reason: string): never {
  throw new XylemError('E_PACK_INVALID', `The pack index is not valid: ${reason}.`);
}
