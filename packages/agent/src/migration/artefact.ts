import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type BackupArtefact, type Digest, XylemError } from '@xylem/core';
import { type Clock, formatTime, syncFolder } from '@xylem/platform';

/** Makes room for a backup: what an attempt that was cut off left there is none. */
export async function clearBackup(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(path, { force: true });
}

/** What a backup program left at `path`, durable. @throws XylemError E_MIGRATION_FAILED where there is nothing */
export async function registerBackup(path: string, clock: Clock): Promise<BackupArtefact> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new XylemError('E_MIGRATION_FAILED', `The backup program left no file at ${path}.`, { cause });
  });
  let sizeBytes: number;
  try {
    await file.chmod(0o600);
    await file.sync();
    sizeBytes = (await file.stat()).size;
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
  if (sizeBytes === 0)
    throw new XylemError('E_MIGRATION_FAILED', `The backup program left an empty file at ${path}.`);
  const digest = await digestOf(path);
  return { path, digest, sizeBytes, time: formatTime(clock.now()) as BackupArtefact['time'] };
}

/** @throws XylemError E_MIGRATION_FAILED where it is gone or another */
export async function verifyBackup(path: string, digest: Digest): Promise<void> {
  const found = await digestOf(path).catch(() => null);
  if (found === digest) return;
  const why = found === null ? 'is not there any more' : 'is not as it was when it was made';
  throw new XylemError('E_MIGRATION_FAILED', `The backup ${path} ${why}; nothing was begun.`);
}

async function digestOf(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') as Digest;
}
