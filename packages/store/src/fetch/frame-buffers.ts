import { maxFrameLength } from '@xylem/core';

const worthKeeping = 128 * 1024;
/** However many trees a process fetches at once, so many long frames are in its memory. */
const mostInUse = 16;

let inUse = 0;
let free: Buffer[] = [];
const waiting: ((isFree: boolean) => void)[] = [];

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
  await turn(signal);
  const buffer = free.pop() ?? Buffer.allocUnsafeSlow(maxFrameLength);
  try {
    await use(buffer);
    free.push(buffer);
  } finally {
    const next = waiting.shift();
    if (next === undefined) inUse -= 1;
    else next(true);
    // A host at rest has no use for them.
    if (inUse === 0) free = [];
  }
}

/** Resolves when one more may be in use, and counts it. */
async function turn(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  if (inUse < mostInUse) {
    inUse += 1;
    return;
  }
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const leave = (): void => {
    const at = waiting.indexOf(resolve);
    if (at >= 0) waiting.splice(at, 1);
    resolve(false);
  };
  waiting.push(resolve);
  signal?.addEventListener('abort', leave, { once: true });
  const isMine = await promise;
  signal?.removeEventListener('abort', leave);
  if (!isMine) signal?.throwIfAborted();
}
