import { maxFrameLength } from '@xylem/core';

const worthKeeping = 128 * 1024;
const mostFree = 4;

let inUse = 0;
let free: Buffer[] = [];

/** Room for a frame of so many bytes. To be given back, also after a fault. */
export function takeFrameBuffer(sizeBytes: number): Buffer {
  inUse += 1;
  if (sizeBytes < worthKeeping) return Buffer.allocUnsafe(sizeBytes);
  return free.pop() ?? Buffer.allocUnsafeSlow(maxFrameLength);
}

/** `isClean`: nobody looks at it any more. With the last one nothing is kept: a host at rest has no use for it. */
export function giveFrameBuffer(buffer: Buffer, isClean: boolean): void {
  inUse -= 1;
  if (inUse === 0) free = [];
  else if (isClean && buffer.length === maxFrameLength && free.length < mostFree) free.push(buffer);
}
