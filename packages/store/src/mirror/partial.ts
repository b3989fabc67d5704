import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { storageError } from '../repository/faults.ts';
import type { Repository } from '../repository/repository.ts';
import { ComparedTransfer, type Comparison } from '../source/comparison.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { readPieces } from '../source/read.ts';
import { type Mark, MarkFile } from './mark.ts';

const prefix = 'part-';
/** What another is asked for when a source is slow; less than the least says more about round trips. */
const partBytes = { least: 4 * 1024, most: 1024 * 1024 };

/** Where an object grows until it is whole; it outlives the process. */
export const partialFile = (repository: Repository, digest: Digest): string =>
  join(repository.workFolder, `${prefix}${digest}`);

export interface PartialFetch {
  /** The partial file. */
  readonly file: string;
  /** Path in the repository. */
  readonly path: string;
  readonly digest: Digest;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly comparison: Comparison | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'> | undefined;
}

/**
 * Goes on where the partial file ends, whoever began it, until it is `digest`; returns the bytes fetched. When what was
 * there does not fit with the rest, what lay behind its mark is fetched again, and then all: a source is blamed
 * (E_OBJECT_DIGEST) only for what it gave from the first byte on. Throws E_PARENT_SLOW when another has just given more,
 * and this is kept.
 */
export async function fetchPartial(fetch: PartialFetch, source: ObjectSource): Promise<number> {
  const file = await openPartial(fetch.file);
  const marks = new MarkFile(fetch.file, fetch.clock);
  try {
    const fetched = await fetchAll(fetch, source, file, marks);
    await marks.remove();
    if (fetched !== null) return fetched;
    await unlink(fetch.file);
    throw new XylemError('E_OBJECT_DIGEST', `${source.name} gave other bytes for ${fetch.path}.`, {
      details: { path: fetch.path },
    });
  } catch (error) {
    fetch.signal?.throwIfAborted();
    throw storageError(error, fetch.path);
  } finally {
    await file.close();
  }
}

/** Bytes fetched; null: what this source gave, from the first byte on, is not the object. */
async function fetchAll(
  fetch: PartialFetch,
  source: ObjectSource,
  file: FileHandle,
  marks: MarkFile,
): Promise<number | null> {
  const hash = createHash('sha256');
  const { begun, marked } = await hashSoFar(file, hash, await marks.read());
  let fetched = 0;
  if (begun > 0) {
    if (hash.copy().digest('hex') === fetch.digest) return 0;
    fetched += await fetchRest(fetch, source, file, marks, hash, begun).catch((error: unknown) => {
      // The part may be longer than the object is.
      if (error instanceof XylemError && error.code === 'E_OBJECT_MISSING') return 0;
      throw error;
    });
    if (hash.digest('hex') === fetch.digest) return fetched;
    await marks.remove();
    if (fetched > 0 && begun > marked) {
      fetched += await fetchInPlace(fetch, source, file, marked, begun - marked);
      const whole = createHash('sha256');
      await hashSoFar(file, whole, null);
      if (whole.digest('hex') === fetch.digest) return fetched;
    }
    await file.truncate(0);
  }
  const afresh = createHash('sha256');
  fetched += await fetchRest(fetch, source, file, marks, afresh, 0);
  return afresh.digest('hex') === fetch.digest ? fetched : null;
}

/** Removes partial objects that nobody has written to since `beforeMs` (milliseconds since 1970). */
export async function removeStalePartials(repository: Repository, beforeMs: number): Promise<void> {
  for (const name of await readdir(repository.workFolder)) {
    const path = join(repository.workFolder, name);
    if (name.startsWith(prefix) && (await stat(path)).mtimeMs < beforeMs) await rm(path, { force: true });
  }
}

async function openPartial(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
  } catch (error) {
    throw storageError(error, path);
  }
}

/** How long the file is, and how much of it is as it was when it was marked. */
async function hashSoFar(
  file: FileHandle,
  hash: Hash,
  mark: Mark | null,
): Promise<{ readonly begun: number; readonly marked: number }> {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  let marked = 0;
  for (let at = 0; ; ) {
    const toMark = mark !== null && mark.end > at ? mark.end - at : buffer.length;
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, toMark), at);
    if (bytesRead === 0) return { begun: at, marked };
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
    if (at === mark?.end && hash.copy().digest('hex') === mark.digest) marked = at;
  }
}

async function fetchRest(
  { path, maxBytes, signal, comparison }: PartialFetch,
  source: ObjectSource,
  file: FileHandle,
  marks: MarkFile,
  hash: Hash,
  begun: number,
): Promise<number> {
  let at = begun;
  const write = async (piece: Uint8Array): Promise<void> => {
    if (at + piece.length > maxBytes) {
      throw new XylemError('E_TOO_LARGE', `${path} of ${source.name} has more than ${maxBytes} bytes.`, {
        retry: 'elsewhere',
        details: { path },
      });
    }
    hash.update(piece);
    await writeAt(file, piece, at);
    at += piece.length;
    await marks.soon(file, at, digest);
  };
  const digest = (): string => hash.copy().digest('hex');
  const compared =
    comparison &&
    new ComparedTransfer({
      comparison,
      source,
      signal,
      leftBytes: (totalBytes = at) => totalBytes - at,
      part: (leftBytes, wishedBytes) => {
        const { least, most } = partBytes;
        const sizeBytes = Math.min(leftBytes, most, Math.max(least, Math.ceil(wishedBytes)));
        const take = async (rival: ObjectSource, late: AbortSignal): Promise<void> =>
          write(await readPart(rival, path, at, sizeBytes, late));
        return { sizeBytes, take };
      },
    });
  const request = { offset: begun, ...(signal === undefined ? {} : { signal }) };
  try {
    for await (const piece of compared?.read(path, request) ?? readPieces(source, path, request)) {
      await write(piece);
    }
  } catch (error) {
    // It breaks off already: that the disk is full too is found by whoever writes next.
    if (at > begun) await marks.make(file, { end: at, digest: digest() }).catch(() => undefined);
    throw error;
  }
  await file.sync().catch(async (error: unknown) => {
    // What a failed sync leaves may look written for as long as the kernel keeps it in memory, and never be.
    await file.truncate(0).catch(() => undefined);
    throw error;
  });
  return at - begun;
}

async function readPart(
  source: ObjectSource,
  path: string,
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readPieces(source, path, { offset, length, signal })) pieces.push(piece);
  const part = Buffer.concat(pieces);
  if (part.length === length) return part;
  throw new XylemError('E_PARENT_STALE', `${source.name} ends ${path} too early.`);
}

/** Puts what this source has of a part in its place. @returns the bytes fetched */
async function fetchInPlace(
  { path, signal }: PartialFetch,
  source: ObjectSource,
  file: FileHandle,
  offset: number,
  length: number,
): Promise<number> {
  let at = offset;
  const request = { offset, length, ...(signal === undefined ? {} : { signal }) };
  for await (const piece of readPieces(source, path, request)) {
    await writeAt(file, piece, at);
    at += piece.length;
  }
  await file.sync();
  return at - offset;
}

async function writeAt(file: FileHandle, piece: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < piece.length; )
    done += (await file.write(piece, done, piece.length - done, at + done)).bytesWritten;
}
