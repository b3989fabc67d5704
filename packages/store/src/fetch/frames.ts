import { createHash } from 'node:crypto';
import { type Digest, type DomainId, XylemError } from '@xylem/core';
import { decodeFrame } from '../pack/frame.ts';
import type { ObjectSource, SourceChoice } from '../source/object-source.ts';
import { inParallel } from './parallel.ts';
import type { FetchRange, WantedFrame } from './plan.ts';

/** Frames decompressed at once while the next ones arrive. */
const inFlight = 4;
/** Chunks of one frame being written at once: small files cost an open, a write and a close each. */
const writesAtOnce = 16;

export interface FetchFramesOptions {
  readonly choice: SourceChoice;
  readonly domain: DomainId;
  readonly signal: AbortSignal | undefined;
  /** Takes a verified chunk; the bytes are the receiver's to keep. */
  readonly onChunk: (digest: Digest, bytes: Uint8Array) => Promise<void>;
  /** Sees the content of each frame, of which only the chunks handed to `onChunk` are verified. */
  readonly onContent?: (frame: WantedFrame, content: Uint8Array) => void;
  readonly onBytes: (count: number) => void;
  readonly onRequest: () => void;
}

/**
 * Fetches a range and hands over its chunks, each checked by its digest. When a source breaks off or lies, the next
 * goes on behind the last frame that was right: never more than the frames under way are fetched again.
 */
export async function fetchFrames(range: FetchRange, options: FetchFramesOptions): Promise<void> {
  const path = `o/${options.domain}/${range.pack}`;
  const left = [...range.frames];
  await options.choice.attempt(path, (source) => fetchFrom(source, path, left, options), options.signal);
}

/** Takes frames off the front of `left` as they are done. */
async function fetchFrom(
  source: ObjectSource,
  path: string,
  left: WantedFrame[],
  options: FetchFramesOptions,
): Promise<void> {
  const first = left[0];
  const last = left.at(-1);
  if (first === undefined || last === undefined) return;
  const offset = first.offset;
  options.onRequest();
  const answer = await source.get(path, {
    offset,
    length: last.offset + last.length - offset,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (answer.status !== 'found') {
    throw new XylemError('E_OBJECT_MISSING', `${source.name} does not have ${path}.`, { retry: 'elsewhere' });
  }
  const working: Promise<void>[] = [];
  const settleFirst = async (): Promise<void> => {
    await working[0];
    working.shift();
    left.shift();
  };
  try {
    const stream = new PositionedReader(answer.body as AsyncIterable<Buffer>, offset, options.onBytes);
    for (const frame of [...left]) {
      const bytes = await stream.read(frame.offset, frame.length);
      if (bytes === null) throw brokeOff(source, path);
      const work = takeFrame(frame, bytes, source, options);
      work.catch(() => undefined);
      working.push(work);
      if (working.length >= inFlight) await settleFirst();
    }
    while (working.length > 0) await settleFirst();
  } catch (error) {
    await Promise.allSettled(working);
    options.signal?.throwIfAborted();
    throw error instanceof XylemError ? error : brokeOff(source, path, error);
  } finally {
    answer.body.destroy();
  }
}

async function takeFrame(
  frame: WantedFrame,
  bytes: Uint8Array,
  source: ObjectSource,
  options: FetchFramesOptions,
): Promise<void> {
  let content: Uint8Array;
  try {
    content = await decodeFrame(bytes, frame.rawLength);
  } catch (cause) {
    throw new XylemError('E_PACK_INVALID', `${source.name} gave a frame that is not valid.`, {
      cause,
      retry: 'elsewhere',
    });
  }
  options.onContent?.(frame, content);
  await inParallel(frame.chunks, writesAtOnce, async ({ digest, sizeBytes, offsetInFrame }) => {
    const chunk = content.subarray(offsetInFrame, offsetInFrame + sizeBytes);
    if (createHash('sha256').update(chunk).digest('hex') !== digest) {
      throw new XylemError('E_OBJECT_DIGEST', `${source.name} gave other bytes for the chunk ${digest}.`, {
        retry: 'elsewhere',
      });
    }
    await options.onChunk(digest, chunk);
  });
}

/** Cuts a stream that begins at a known position into pieces by position. */
class PositionedReader {
  readonly #iterator: AsyncIterator<Buffer>;
  readonly #onBytes: (count: number) => void;
  #pieces: Buffer[] = [];
  #position: number;
  #held = 0;

  constructor(body: AsyncIterable<Buffer>, position: number, onBytes: (count: number) => void) {
    this.#iterator = body[Symbol.asyncIterator]();
    this.#position = position;
    this.#onBytes = onBytes;
  }

  /** `length` bytes from `position`, skipping what lies before; null when the stream ends earlier. */
  async read(position: number, length: number): Promise<Buffer | null> {
    const wanted = position + length - this.#position;
    while (this.#held < wanted) {
      const { done, value } = await this.#iterator.next();
      if (done === true) return null;
      this.#onBytes(value.length);
      this.#pieces.push(value);
      this.#held += value.length;
    }
    const all = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    const skip = position - this.#position;
    const rest = all.subarray(skip + length);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    this.#position = position + length;
    return all.subarray(skip, skip + length);
  }
}

function brokeOff(source: ObjectSource, path: string, cause?: unknown): XylemError {
  return new XylemError('E_PARENT_UNREACHABLE', `${source.name} broke off while it sent ${path}.`, {
    retry: 'elsewhere',
    ...(cause === undefined ? {} : { cause }),
  });
}
