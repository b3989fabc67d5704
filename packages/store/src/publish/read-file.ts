import { createHash, hash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Digest, limits } from '@xylem/core';
import { Cutter } from '../chunk/cutter.ts';
import { storageError } from '../repository/faults.ts';
import { changed } from './scan.ts';

const blockBytes = 2 * 1024 * 1024;

/**
 * Calls `onChunk` for each chunk in order and returns the file's digest. The bytes given to `onChunk` are valid until
 * it resolves. Memory: two blocks and a chunk.
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

/** All of a small file and its digest. Throws E_FILE_CHANGED. */
export async function readSmallFile(
  path: string,
  sizeBytes: number,
): Promise<{ bytes: Buffer; digest: Digest }> {
  return withUnchanged(path, sizeBytes, async (file) => {
    const bytes = Buffer.allocUnsafe(sizeBytes);
    for (let read = 0; read < sizeBytes; ) read += await fill(file, bytes, read, sizeBytes - read, path);
    return { bytes, digest: hash('sha256', bytes, 'hex') as Digest };
  });
}

/** The digest alone, at the speed of hashing. Throws E_FILE_CHANGED. */
export async function hashFile(path: string, sizeBytes: number): Promise<Digest> {
  return withUnchanged(path, sizeBytes, async (file) => {
    const whole = createHash('sha256');
    for await (const block of blocksOf(file, path, sizeBytes)) whole.update(block);
    return whole.digest('hex') as Digest;
  });
}

/** Blocks of a file; while one is looked at the next is read. A block is valid until the next is asked for. */
async function* blocksOf(file: FileHandle, path: string, sizeBytes: number): AsyncGenerator<Buffer> {
  const buffers = [Buffer.allocUnsafeSlow(blockBytes), Buffer.allocUnsafeSlow(blockBytes)] as const;
  let asked = 0;
  const ask = (buffer: Buffer): Promise<number> => {
    const reading = fill(file, buffer, 0, sizeBytes - asked, path);
    reading.catch(() => undefined);
    return reading;
  };
  let reading = ask(buffers[0]);
  for (let turn = 0; asked < sizeBytes; turn += 1) {
    const got = await reading;
    asked += got;
    const [here, there] = turn % 2 === 0 ? buffers : ([buffers[1], buffers[0]] as const);
    if (asked < sizeBytes) reading = ask(there);
    yield here.subarray(0, got);
  }
}

async function fill(
  file: FileHandle,
  buffer: Buffer,
  from: number,
  left: number,
  path: string,
): Promise<number> {
  const wanted = Math.min(buffer.length - from, left);
  if (wanted === 0) return 0;
  const { bytesRead } = await file.read(buffer, from, wanted, null);
  if (bytesRead === 0) throw changed(path);
  return bytesRead;
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
    const { code = '' } = error as NodeJS.ErrnoException;
    throw ['ENOENT', 'ELOOP', 'ENXIO'].includes(code) ? changed(path) : storageError(error, path);
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

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}
