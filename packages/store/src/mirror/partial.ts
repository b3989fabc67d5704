import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, XylemError } from '@xylem/core';
import { storageError } from '../repository/faults.ts';
import type { Repository } from '../repository/repository.ts';
import { ComparedTransfer, type Comparison } from '../source/comparison.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { readPieces } from '../source/read.ts';

const prefix = 'part-';
/** What another is asked for when a source is slow. */
const partBytes = 1024 * 1024;

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
}

/**
 * Goes on where the partial file ends, whoever began it, until it is `digest`; returns the bytes fetched. A source is
 * blamed (E_OBJECT_DIGEST) only for what it gave from the first byte on: when a part from elsewhere does not fit with
 * the rest, all is fetched again. Throws E_PARENT_SLOW when another has just given more, and this is kept.
 */
export async function fetchPartial(fetch: PartialFetch, source: ObjectSource): Promise<number> {
  const file = await openPartial(fetch.file);
  try {
    const hash = createHash('sha256');
    const begun = await hashSoFar(file, hash);
    if (begun > 0) {
      if (hash.copy().digest('hex') === fetch.digest) return 0;
      const fetched = await fetchRest(fetch, source, file, hash, begun).catch((error: unknown) => {
        // The part may be longer than the object is.
        if (error instanceof XylemError && error.code === 'E_OBJECT_MISSING') return 0;
        throw error;
      });
      if (hash.digest('hex') === fetch.digest) return fetched;
      await file.truncate(0);
    }
    const afresh = createHash('sha256');
    const fetched = await fetchRest(fetch, source, file, afresh, 0);
    if (afresh.digest('hex') === fetch.digest) return fetched;
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

async function hashSoFar(file: FileHandle, hash: Hash): Promise<number> {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function fetchRest(
  { path, maxBytes, signal, comparison }: PartialFetch,
  source: ObjectSource,
  file: FileHandle,
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
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await file.write(piece, done, piece.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
  };
  const compared =
    comparison &&
    new ComparedTransfer({
      comparison,
      source,
      signal,
      leftBytes: (totalBytes = at) => totalBytes - at,
      part: (leftBytes) => {
        const sizeBytes = Math.min(partBytes, leftBytes);
        const take = async (rival: ObjectSource, late: AbortSignal): Promise<void> =>
          write(await readPart(rival, path, at, sizeBytes, late));
        return { sizeBytes, take };
      },
    });
  const request = { offset: begun, ...(signal === undefined ? {} : { signal }) };
  for await (const piece of compared?.read(path, request) ?? readPieces(source, path, request)) {
    await write(piece);
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
