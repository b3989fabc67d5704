import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import type { Chunk, Digest } from '@xylem/core';
import { chunksOf } from '../chunk/cutter.ts';
import { storageError } from '../repository/faults.ts';
import { changed } from './scan.ts';

/** A file as it was scanned. */
export interface FileToRead {
  /** Where it lies. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Its digest in an earlier tree: a file that is still the same is neither cut nor handed over. */
  readonly known: Digest | null;
}

export interface ReadFile {
  readonly digest: Digest;
  /** Null: it is as it was known. */
  readonly chunks: readonly Chunk[] | null;
}

/** Files that were read together, and the bytes of those that have chunks, one behind the other. */
export interface ReadBatch {
  readonly files: readonly ReadFile[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const blockBytes = 1024 * 1024;

/**
 * Reads small files, in this thread and one after the other: of a file of some kilobytes that takes a fifth of what
 * five trips to the thread pool take.
 * @throws XylemError E_FILE_CHANGED, E_PERMISSION, E_STORAGE
 */
export function readBatch(files: readonly FileToRead[]): ReadBatch {
  const bytes = new Uint8Array(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  let length = 0;
  const read = files.map(({ path, sizeBytes, known }): ReadFile => {
    const own = bytes.subarray(length, length + sizeBytes);
    withUnchanged(path, sizeBytes, (file) => readExactly(file, path, own, 0));
    const digest = hash('sha256', own, 'hex') as Digest;
    if (digest === known) return { digest, chunks: null };
    length += sizeBytes;
    const chunks = chunksOf(own).map((chunk): Chunk => {
      const isAll = chunk.length === own.length;
      return [isAll ? digest : (hash('sha256', chunk, 'hex') as Digest), chunk.length];
    });
    return { digest, chunks };
  });
  return { files: read, bytes: length === bytes.length ? bytes : bytes.slice(0, length) };
}

/** The digest of a large file, at the speed of hashing. Throws as `readBatch`. */
export function hashWhole({ path, sizeBytes }: Pick<FileToRead, 'path' | 'sizeBytes'>): Digest {
  const whole = createHash('sha256');
  const block = Buffer.allocUnsafeSlow(Math.max(1, Math.min(blockBytes, sizeBytes)));
  withUnchanged(path, sizeBytes, (file) => {
    for (let at = 0; at < sizeBytes; at += block.length) {
      const part = block.subarray(0, Math.min(block.length, sizeBytes - at));
      readExactly(file, path, part, at);
      whole.update(part);
    }
  });
  return whole.digest('hex') as Digest;
}

function readExactly(file: number, path: string, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, position + at);
    if (read === 0) throw changed(path);
    at += read;
  }
}

/**
 * Opens without following a link and without waiting for a pipe's writer, should one have taken the file's place
 * since it was scanned.
 */
function withUnchanged(path: string, sizeBytes: number, act: (file: number) => void): void {
  const file = openScanned(path);
  try {
    const before = fstatSync(file);
    if (!before.isFile() || before.size !== sizeBytes) throw changed(path);
    act(file);
    if (!isSame(before, fstatSync(file))) throw changed(path);
  } catch (error) {
    throw storageError(error, path);
  } finally {
    closeSync(file);
  }
}

function openScanned(path: string): number {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    throw openFault(error, path);
  }
}

/** What kept a scanned file from being opened. */
export function openFault(error: unknown, path: string): Error {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOENT', 'ELOOP', 'ENXIO'].includes(code) ? changed(path) : storageError(error, path);
}

/** Whether nobody wrote to a file between two looks. */
export function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}
