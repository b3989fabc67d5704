import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Digest, limits } from '@xylem/core';
import { Cutter } from '../chunk/cutter.ts';
import { storageError } from '../repository/faults.ts';
import { isSame, openFault } from './read-batch.ts';
import { changed } from './scan.ts';

const blockBytes = 512 * 1024;
/** A read waits in the thread pool behind frames that are being compressed: enough that there is always one done. */
const blocksAhead = 8;

/**
 * Calls `onChunk` for each chunk in order and returns the file's digest. The bytes given to `onChunk` are valid until
 * it resolves. Memory: the blocks read ahead and a chunk.
 * @throws E_FILE_CHANGED when the file is not the same before and after, or has not the size that was scanned
 */
export async function chunkFile(
  path: string,
  sizeBytes: number,
  onChunk: (bytes: Uint8Array) => Promise<void>,
): Promise<Digest> {
  return withUnchanged(path, sizeBytes, async (file) => {
    const whole = createHash('sha256');
    const cutter = new Cutter();
    // The beginning of a chunk whose end comes with the next block.
    const head = Buffer.allocUnsafe(limits.chunkMax);
    let headLength = 0;
    for await (const block of blocksOf(file, path, sizeBytes)) {
      whole.update(block);
      for (let at = 0; at < block.length; ) {
        const cut = cutter.next(block, at);
        const end = cut === -1 ? block.length : cut;
        if (cut === -1 || headLength > 0) {
          head.set(block.subarray(at, end), headLength);
          headLength += end - at;
        }
        if (cut !== -1) {
          await onChunk(headLength > 0 ? head.subarray(0, headLength) : block.subarray(at, end));
          headLength = 0;
        }
        at = end;
      }
    }
    if (headLength > 0) await onChunk(head.subarray(0, headLength));
    return whole.digest('hex') as Digest;
  });
}

/** Blocks of a file, read ahead. A block is valid until the next is asked for. */
async function* blocksOf(file: FileHandle, path: string, sizeBytes: number): AsyncGenerator<Buffer> {
  const reading: Promise<Buffer>[] = [];
  let asked = 0;
  const ask = (buffer: Buffer): void => {
    const length = Math.min(buffer.length, sizeBytes - asked);
    if (length === 0) return;
    const read = readExactly(file, path, buffer.subarray(0, length), asked);
    // Seen by whoever awaits it; until then it must not count as unhandled.
    read.catch(() => undefined);
    reading.push(read);
    asked += length;
  };
  try {
    for (let i = 0; i < blocksAhead; i += 1) {
      if (asked < sizeBytes) ask(Buffer.allocUnsafeSlow(Math.min(blockBytes, sizeBytes - asked)));
    }
    for (let block = await reading.shift(); block !== undefined; block = await reading.shift()) {
      yield block;
      ask(block);
    }
  } finally {
    await Promise.allSettled(reading);
  }
}

async function readExactly(file: FileHandle, path: string, bytes: Buffer, position: number): Promise<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at);
    if (bytesRead === 0) throw changed(path);
    at += bytesRead;
  }
  return bytes;
}

/**
 * Opens without following a link and without waiting for a pipe's writer, should one have taken the file's place
 * since it was scanned.
 */
async function withUnchanged<T>(
  path: string,
  sizeBytes: number,
  act: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    throw openFault(error, path);
  });
  try {
    const before = await file.stat();
    if (!before.isFile() || before.size !== sizeBytes) throw changed(path);
    const result = await act(file);
    if (!isSame(before, await file.stat())) throw changed(path);
    return result;
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await file.close();
  }
}
