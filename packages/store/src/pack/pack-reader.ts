import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type Digest,
  limits,
  type PackFrame,
  packHeaderBytes,
  parsePackIndex,
  sha256,
  XylemError,
} from '@xylem/core';
import { decodeFrame } from './frame.ts';
import { maxPackBytes, type PackInfo, packMagic, trailerBytes, trailerMagic } from './layout.ts';
import { decompress } from './zstd.ts';

/** Reads the index of a pack on disk. It says what the pack claims: `verifyPack` checks it. Throws E_PACK_INVALID. */
export async function readPackIndex(
  file: string,
): Promise<{ frames: readonly PackFrame[]; sizeBytes: number }> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size < packHeaderBytes + trailerBytes) refuse('it is too short');
    if (size > maxPackBytes) refuse('it is too long');
    const header = await readExactly(handle, 0, packHeaderBytes);
    const end = await readExactly(handle, size - trailerBytes, trailerBytes);
    if (!header.equals(packMagic) || !end.subarray(12).equals(trailerMagic)) refuse('it is no pack');
    const offset = Number(end.readBigUInt64LE(0));
    const length = end.readUInt32LE(8);
    if (offset < packHeaderBytes || offset + length !== size - trailerBytes)
      refuse('its trailer is not possible');
    const packed = await readExactly(handle, offset, length);
    const { frames } = parsePackIndex(
      await decompress(packed, limits.packIndex, 'index of a pack', 'E_PACK_INVALID', 27),
    );
    const last = frames.at(-1);
    if ((last === undefined ? packHeaderBytes : last[0] + last[1]) !== offset)
      refuse('its frames do not end at its index');
    return { frames, sizeBytes: size };
  } finally {
    await handle.close();
  }
}

/**
 * Checks all of a pack: its own digest, its index, each frame and each chunk.
 * @throws XylemError E_OBJECT_DIGEST, E_PACK_INVALID
 */
export async function verifyPack(file: string, digest: Digest): Promise<PackInfo> {
  if ((await hashFile(file)) !== digest) {
    throw new XylemError('E_OBJECT_DIGEST', `The pack ${digest} has another digest.`, {
      details: { digest },
    });
  }
  const { frames, sizeBytes } = await readPackIndex(file);
  const handle = await open(file, 'r');
  try {
    for (const frame of frames) await verifyFrame(handle, frame);
  } finally {
    await handle.close();
  }
  return { digest, sizeBytes, frames };
}

async function verifyFrame(
  handle: FileHandle,
  [offset, length, rawLength, chunks]: PackFrame,
): Promise<void> {
  const content = await decodeFrame(await readExactly(handle, offset, length), rawLength);
  let at = 0;
  for (const [digest, size] of chunks) {
    if (sha256(content.subarray(at, at + size)) !== digest)
      refuse(`the chunk ${digest} is not in it as it says`);
    at += size;
  }
}

async function hashFile(file: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024 }))
    hash.update(piece as Buffer);
  return hash.digest('hex') as Digest;
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) refuse('it ends too early');
    at += bytesRead;
  }
  return bytes;
}

function refuse(reason: string): never {
  throw new XylemError('E_PACK_INVALID', `The pack is not valid: ${reason}.`);
}
