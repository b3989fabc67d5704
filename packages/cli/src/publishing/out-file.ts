import { lstat, open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';

const taken = (path: string): XylemError =>
  new XylemError(
    'E_CONFLICT',
    `${path} is there already and may hold what others signed. Name another file, or remove it if nobody needs it; \`xylem ceremony show ${path}\` says what it holds.`,
  );

/** Asked before anybody signs or a key is made, so that no work is lost. @throws XylemError E_CONFLICT */
export async function requireFree(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw taken(path);
}

/**
 * Writes a file that is not there yet; one that appeared meanwhile stays as it is. Without a link or a rename, which
 * a stick on its way between machines may not know.
 * @throws XylemError E_CONFLICT, or the file system's error, after which no half of it stays
 */
export async function writeNewFile(path: string, bytes: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o644).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EEXIST' ? taken(path) : cause;
  });
  try {
    // Not write: that one may take a part and say nothing, as on a disk that is nearly full.
    await file.appendFile(bytes);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** What was read from the file `former` and signed takes its place; elsewhere no file is replaced. */
export async function writeSigned(bytes: string | Uint8Array, out: string, former?: string): Promise<void> {
  const isSame = former !== undefined && resolve(out) === resolve(former);
  await (isSame ? writeFileAtomic : writeNewFile)(out, bytes);
}
