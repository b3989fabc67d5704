import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { limits, type PackIndex, packHeaderBytes, parsePackIndex, XylemError } from '@xylem/core';
import { decodeFrame } from './frame.ts';

const decompress = promisify(zlib.zstdDecompress);
const trailerBytes = 16;

/** Reads the index of a pack's file. @throws E_PACK_INVALID */
export async function readPackIndex(path: string): Promise<PackIndex> {
  const file = await open(path, 'r');
  try {
    return await indexOf(file);
  } finally {
    await file.close();
  }
}

/**
 * Checks that every chunk of a pack is what its index says, frame by frame, with the memory of one frame.
 * @throws E_PACK_INVALID or E_OBJECT_DIGEST
 */
export async function verifyPack(path: string): Promise<PackIndex> {
  const file = await open(path, 'r');
  try {
    const index = await indexOf(file);
    for (const [offset, length, rawLength, chunks] of index.frames) {
      const content = await decodeFrame(await readExactly(file, offset, length), rawLength);
      let at = 0;
      for (const [digest, size] of chunks) {
        if (
          createHash('sha256')
            .update(content.subarray(at, at + size))
            .digest('hex') !== digest
        ) {
          throw new XylemError(
            'E_OBJECT_DIGEST',
            `A chunk of the pack is not the ${digest} that its index names.`,
          );
        }
        at += size;
      }
    }
    return index;
  } finally {
    await file.close();
  }
}

async function indexOf(file: FileHandle): Promise<PackIndex> {
  const { size } = await file.stat();
  if (size < packHeaderBytes + trailerBytes) throw invalid('it is too short');
  const header = await readExactly(file, 0, packHeaderBytes);
  const trailer = await readExactly(file, size - trailerBytes, trailerBytes);
  const offset = Number(trailer.readBigUInt64LE(0));
  const length = trailer.readUInt32LE(8);
  if (header.toString('latin1') !== 'XYLPACK1') throw invalid('it does not begin like one');
  if (trailer.toString('latin1', 12) !== 'XYP1') throw invalid('it does not end like one');
  if (offset + length + trailerBytes !== size || length > limits.packIndex)
    throw invalid('its index is misplaced');
  let text: Buffer;
  try {
    text = await decompress(await readExactly(file, offset, length), { maxOutputLength: limits.packIndex });
  } catch (cause) {
    throw invalid('its index does not decompress', cause);
  }
  const index = parsePackIndex(text);
  const last = index.frames.at(-1);
  if ((last === undefined ? packHeaderBytes : last[0] + last[1]) !== offset)
    throw invalid('its frames do not end at its index');
  return index;
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  if (bytesRead !== length) throw invalid('it is cut short');
  return bytes;
}

function invalid(reason: string, cause?: unknown): XylemError {
  return new XylemError(
    'E_PACK_INVALID',
    `This is not a valid pack: ${reason}.`,
    cause === undefined ? {} : { cause },
  );
}
