import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Chunk, type Digest, limits } from '@xylem/core';
import { Cutter } from '../chunk/cutter.ts';
import { storageError } from '../repository/faults.ts';
import { changed } from './scan.ts';

const blockBytes = 2 * 1024 * 1024;

/**
 * Reads a file once: calls `onChunk` for each chunk in order and returns digest and chunks. The bytes given to
 * `onChunk` are valid until it resolves.
 * @throws E_FILE_CHANGED when the file is not the same before and after, or has not the size that was scanned
 */
export async function chunkFile(
  path: string,
  sizeBytes: number,
  onChunk: (digest: Digest, bytes: Uint8Array) => Promise<void>,
): Promise<{ digest: Digest; chunks: Chunk[] }> {
  return withUnchanged(path, sizeBytes, async (file) => {
    const whole = createHash('sha256');
    const chunks: Chunk[] = [];
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(sizeBytes, blockBytes + limits.chunkMax)));
    let held = 0;
    let read = 0;
    const isOneChunk = sizeBytes <= limits.chunkMin;
    const cutter = new Cutter();
    while (read < sizeBytes) {
      const got = await fill(file, buffer, held, sizeBytes - read, path);
      if (!isOneChunk) whole.update(buffer.subarray(held, held + got));
      read += got;
      let scanned = held;
      held += got;
      let at = 0;
      while (at < held) {
        const cut = cutter.next(buffer.subarray(0, held), scanned);
        if (cut === -1 && read < sizeBytes) break;
        const end = cut === -1 ? held : cut;
        const bytes = buffer.subarray(at, end);
        const digest = createHash('sha256').update(bytes).digest('hex') as Digest;
        chunks.push([digest, bytes.length]);
        await onChunk(digest, bytes);
        at = end;
        scanned = end;
      }
      buffer.copyWithin(0, at, held);
      held -= at;
    }
    const digest = isOneChunk && chunks[0] !== undefined ? chunks[0][0] : (whole.digest('hex') as Digest);
    return { digest, chunks };
  });
}

/** The digest alone, at the speed of hashing. */
export async function hashFile(path: string, sizeBytes: number): Promise<Digest> {
  return withUnchanged(path, sizeBytes, async (file) => {
    const whole = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(sizeBytes, blockBytes)));
    for (let read = 0; read < sizeBytes; ) {
      const got = await fill(file, buffer, 0, sizeBytes - read, path);
      whole.update(buffer.subarray(0, got));
      read += got;
    }
    return whole.digest('hex') as Digest;
  });
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

async function withUnchanged<T>(
  path: string,
  sizeBytes: number,
  act: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw storageError(error, path);
  });
  try {
    const before = await file.stat();
    if (before.size !== sizeBytes) throw changed(path);
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
