import { constants, copyFile, link, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jcs, sha256, timeOf, XylemError } from '@xylem/core';
import { syncFolder, writeFileAtomic } from '@xylem/platform';
import { sql } from 'kysely';
import type { BackupCreated } from '../api/schemas/root.ts';
import { appendAudit } from '../audit/audit.ts';
import { dumpPostgres } from '../db/postgres-dump.ts';
import type { Root } from '../root.ts';
import { version } from '../version.ts';
import { describeFolder, filesBelow, type Manifest, postgresDump } from './manifest.ts';

/**
 * Writes a backup while the root server runs: first the database as of one moment, then the folder, which by then
 * holds at least all that the database names; objects as hard links where it is the same file system.
 * @throws XylemError E_CONFLICT (`out` exists), E_UNSUPPORTED (PostgreSQL without its programs), E_DISK_FULL,
 *   E_STORAGE
 */
export async function createBackup(root: Root, out: string, who: string): Promise<BackupCreated> {
  try {
    await mkdir(dirname(out), { recursive: true });
    await mkdir(out, { mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new XylemError('E_CONFLICT', `${out} exists already. Name a folder that does not.`, { cause });
  }
  try {
    return await writeBackup(root, out, who);
  } catch (error) {
    // It is no backup, and may be what fills the disk.
    await rm(out, { recursive: true, force: true });
    throw error;
  }
}

async function writeBackup(root: Root, out: string, who: string): Promise<BackupCreated> {
  const { db, clock, paths, config } = root;
  const taken = timeOf(clock.now());
  if (config.database.kind === 'postgres') await dumpPostgres(config.database.url, join(out, postgresDump));
  else await sql`vacuum into ${join(out, 'root.db')}`.execute(db);
  await takeFolder(paths.keys, join(out, 'keys'), copyExclusive);
  await takeFolder(paths.repository, join(out, 'repository'), linkOrCopy);
  await copyExclusive(paths.config, join(out, 'root.json'));
  const files = await describeFolder(out);
  const manifest: Manifest = { format: 'xylem-backup-1', taken, version, files };
  const text = jcs(manifest);
  await syncFolder(out);
  await writeFileAtomic(join(out, 'manifest.json'), text);
  const sizeBytes = files.reduce((sum, [, size]) => sum + size, 0);
  await appendAudit(db, clock.now(), {
    who,
    what: 'root.backup',
    subject: 'root',
    after: { out, sizeBytes },
  });
  return { out, files: files.length, sizeBytes, manifest: sha256(text), taken };
}

type Take = (from: string, to: string) => Promise<void>;

/** What vanishes while it is copied (metadata that a newer one replaced) was not needed. */
async function takeFolder(from: string, to: string, take: Take): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for await (const path of filesBelow(from, '')) {
    await mkdir(dirname(join(to, path)), { recursive: true, mode: 0o700 });
    await take(join(from, path), join(to, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

async function copyExclusive(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
}

/** Objects never change in place, so a link is as good as a copy; other files are replaced by rename. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].includes(code)) throw error;
    await copyExclusive(from, to);
  }
}
