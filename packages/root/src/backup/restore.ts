import { constants, copyFile, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { XylemError } from '@xylem/core';
import { type Clock, syncFolder } from '@xylem/platform';
import { openDatabase } from '../db/open.ts';
import { assertEmptyPostgres, checkPostgresUrl } from '../db/postgres.ts';
import { restorePostgres } from '../db/postgres-dump.ts';
import {
  databaseOf,
  finishFolder,
  type RootConfig,
  readConfig,
  type StatePaths,
  statePaths,
  writeConfig,
} from '../state/folder.ts';
import { lockState } from '../state/lock.ts';
import { hashFile, type Manifest, postgresDump, readManifest } from './manifest.ts';
import { markRestored } from './restored-state.ts';

export interface RestoreRootOptions {
  readonly backup: string;
  /** Must not exist, or be empty. */
  readonly stateFolder: string;
  /** For a backup of a root server over PostgreSQL: an empty database. Default: where its database was. */
  readonly databaseUrl?: string;
  readonly clock: Clock;
}

export interface RestoredRoot {
  /** When the backup was taken. */
  readonly taken: string;
  readonly files: number;
}

/**
 * Verifies a backup by its manifest and makes a state folder of it, in restored mode until a person confirms. Stop
 * the root server that it replaces first, for good.
 * @throws XylemError E_INPUT, E_CONFLICT (the folder or the PostgreSQL database is not empty), E_OBJECT_DIGEST (a
 *   damaged file), E_STATE_VERSION, E_UNSUPPORTED, E_STORAGE
 */
export async function restoreRoot(options: RestoreRootOptions): Promise<RestoredRoot> {
  const { backup, stateFolder, clock } = options;
  const manifest = await readManifest(backup);
  const config = await configAfter(options);
  const present = await readdir(stateFolder).catch(() => [] as string[]);
  if (present.length > 0)
    throw new XylemError('E_CONFLICT', `${stateFolder} is not empty. Restore into a new folder.`);
  await verify(backup, manifest);
  const paths = statePaths(stateFolder);
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const lock = lockState(paths.lock);
  try {
    for (const [path] of manifest.files) {
      const to = join(stateFolder, path);
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      await copyFile(join(backup, path), to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    }
    await mkdir(paths.incoming, { recursive: true, mode: 0o700 });
    await bringDatabaseBack(paths, config);
    const db = await openDatabase(databaseOf(paths, config));
    try {
      await markRestored(db, { taken: manifest.taken, restoredMs: clock.now() });
      // How often they were used since, and whether they were revoked, nobody knows.
      await db.updateTable('tokens').set({ uses_left: 0 }).execute();
    } finally {
      await db.destroy();
    }
    await syncFolder(stateFolder);
    // Last: only now the folder counts as a root server's.
    await finishFolder(paths);
  } catch (error) {
    await rm(stateFolder, { recursive: true, force: true });
    throw error;
  } finally {
    lock.release();
  }
  return { taken: manifest.taken, files: manifest.files.length };
}

/** What the restored root server runs by, where a PostgreSQL database for it was found empty: before much is read. */
async function configAfter({ backup, databaseUrl }: RestoreRootOptions): Promise<RootConfig> {
  const config = await readConfig(statePaths(backup));
  if (config.database.kind !== 'postgres') {
    if (databaseUrl === undefined) return config;
    const message = 'The backup is of a root server over SQLite, and is restored as one: name no database.';
    throw new XylemError('E_UNSUPPORTED', message);
  }
  const url = databaseUrl ?? config.database.url;
  checkPostgresUrl(url);
  await assertEmptyPostgres(url);
  return { ...config, database: { kind: 'postgres', url } };
}

/** SQLite's came with the folder. PostgreSQL's is loaded where it is to be from now on, and its dump not kept. */
async function bringDatabaseBack(paths: StatePaths, config: RootConfig): Promise<void> {
  if (config.database.kind !== 'postgres') return;
  const dump = join(paths.folder, postgresDump);
  await restorePostgres(config.database.url, dump);
  await rm(dump);
  await writeConfig(paths, config);
}

/** All before anything is written: half a backup is no root server. */
async function verify(backup: string, { files }: Manifest): Promise<void> {
  for (const [path, sizeBytes, digest] of files) {
    const file = join(backup, path);
    const stats = await lstat(file).catch(() => null);
    if (stats?.isFile() && stats.size === sizeBytes && (await hashFile(file)) === digest) continue;
    throw new XylemError('E_OBJECT_DIGEST', `${file} is missing or not what the backup's manifest says.`, {
      retry: 'never',
      details: { path },
    });
  }
}
