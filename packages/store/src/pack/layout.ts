import { type Digest, limits, type PackFrame } from '@xylem/core';

/** docs/spec/objects.md, Packs. */
export const packMagic = Buffer.from('XYLPACK1');
export const trailerMagic = Buffer.from('XYP1');
export const trailerBytes = 16;
/** Frames and their index; nothing longer is read as a pack. */
export const maxPackBytes = limits.pack + limits.packIndex;

export interface PackInfo {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly frames: readonly PackFrame[];
}

export function trailer(indexOffset: number, indexLength: number): Buffer {
  const bytes = Buffer.alloc(trailerBytes);
  bytes.writeBigUInt64LE(BigInt(indexOffset), 0);
  bytes.writeUInt32LE(indexLength, 8);
  trailerMagic.copy(bytes, 12);
  return bytes;
}
