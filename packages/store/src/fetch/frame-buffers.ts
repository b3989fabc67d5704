import { maxFrameLength } from '@xylem/core';
import { Turns } from './turns.ts';

const worthKeeping = 128 * 1024;
/** However much a process wants at once, so many long frames come in at a time. */
const frames = new Turns(16);
/** And so many trees have what came of them in memory: a frame or two each. */
const trees = new Turns(16);
let free: Buffer[] = [];

/** A host at rest has no use for them. */
function forgetAtRest(): void {
  if (frames.isIdle && trees.isIdle) free = [];
}

/** @throws what `fetch` throws, or the signal's reason while others have their turn */
export async function fetchInTurn(
  signal: AbortSignal | undefined,
  fetch: () => Promise<void>,
): Promise<void> {
  try {
    await trees.take(signal, fetch);
  } finally {
    forgetAtRest();
  }
}

/**
 * Lends room for a frame of so many bytes while `use` runs; long ones wait for their turn. Nobody may look at it after
 * `use` has resolved; one whose use failed is not lent again, as what reads or writes it may still be at work.
 * @throws what `use` throws, or the signal's reason while waiting
 */
export async function withFrameBuffer(
  sizeBytes: number,
  signal: AbortSignal | undefined,
  use: (buffer: Buffer) => Promise<void>,
): Promise<void> {
  if (sizeBytes < worthKeeping) return await use(Buffer.allocUnsafe(sizeBytes));
  try {
    await frames.take(signal, async () => {
      const buffer = free.pop() ?? Buffer.allocUnsafeSlow(maxFrameLength);
      await use(buffer);
      free.push(buffer);
    });
  } finally {
    forgetAtRest();
  }
}

/** Frames that came before it was known what of them is wanted: copies, in room that is lent like theirs. */
export class FramesAhead {
  readonly #contents = new Map<string, Uint8Array>();
  readonly #room: Buffer[] = [];

  get size(): number {
    return this.#contents.size;
  }

  get(key: string): Uint8Array | undefined {
    return this.#contents.get(key);
  }

  /** `content` may be changed afterwards. */
  keep(key: string, content: Uint8Array): void {
    if (content.length < worthKeeping || content.length > maxFrameLength) {
      this.#contents.set(key, Uint8Array.from(content));
      return;
    }
    const room = free.pop() ?? Buffer.allocUnsafeSlow(maxFrameLength);
    this.#room.push(room);
    room.set(content);
    this.#contents.set(key, room.subarray(0, content.length));
  }

  /** @param isRead nothing reads them any more, so that their room can be lent again */
  clear(isRead: boolean): void {
    if (isRead) free.push(...this.#room);
    this.#room.length = 0;
    this.#contents.clear();
    forgetAtRest();
  }
}
