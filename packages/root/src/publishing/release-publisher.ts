import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import type { RepositoryId } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { Repository } from '@xylem/store';
import {
  channelTarget,
  dueForRenewal,
  metadataPath,
  publishRoles,
  type RepositoryFile,
  readRoot,
  releaseTarget,
  signTimestamp,
  targetFilePath,
} from '@xylem/trust';
import { readFloor } from '../backup/floors.ts';
import type { RestoredState } from '../backup/restored-state.ts';
import type { Database } from '../db/tables.ts';
import { loadReleaseKeys } from '../keys/root-keys.ts';
import { isSignedBy } from '../keys/root-versions.ts';
import { readCurrent, readOwnMetadata, repositoryPath, writeRepositoryFiles } from './repository-files.ts';
import { roleNamed } from './roles.ts';
import { singleFlight } from './single-flight.ts';

/** Brings the folder of the release repository to what the database says. */
export interface ReleasePublisher {
  readonly repository: RepositoryId;
  /** The snapshot version that is published now. */
  snapshotVersion(): number;
  /** Puts the root that the database says into the folder, where a crash kept it from there. */
  writeRoot(): Promise<void>;
  /** Returns when all that was in the database at the call is visible to readers. */
  publish(): Promise<void>;
}

export interface ReleasePublisherOptions {
  readonly repository: RepositoryId;
  readonly folder: Repository;
  readonly db: Database;
  readonly clock: Clock;
  /** Below the state folder: the keys that the root metadata names are taken from there. */
  readonly keysFolder: string;
  readonly restored: Pick<RestoredState, 'isRestored'>;
}

/**
 * The database is what should be, the folder what is: a crash between the two, at any point, is made good by the
 * next run, which is at the latest that of the next start.
 */
export function createReleasePublisher(options: ReleasePublisherOptions): ReleasePublisher {
  const { repository, folder, db, clock } = options;
  let snapshotVersion = 0;

  const publish = singleFlight(async () => {
    const nowMs = clock.now();
    const current = await readCurrent(folder, repository);
    snapshotVersion = current?.snapshotVersion ?? 0;
    // Until the difference is confirmed nobody may take what a backup says.
    if (options.restored.isRestored()) return;
    const { version: atLeast } = await readFloor(db, repository);
    const listed = current === null ? {} : readOwnMetadata(current.snapshot).listed;
    const roles = await db.selectFrom('roles').selectAll().where('repository', '=', repository).execute();
    const keys = await loadReleaseKeys(options.keysFolder, readRoot(await writeRoot()));
    const online = { snapshot: [keys.snapshot], timestamp: [keys.timestamp] };
    const changed = roles.filter((row) => row.role !== 'root' && listed[row.role] !== row.version);
    if (changed.some((row) => row.role.startsWith('p-'))) await writeTargets();
    const isSnapshotDue =
      current === null ||
      current.snapshotVersion < atLeast ||
      !isSignedBy(current.snapshot, keys.snapshot) ||
      dueForRenewal('snapshot', current.snapshot, nowMs);
    if (changed.length > 0 || isSnapshotDue) {
      const files = await publishRoles({
        repository,
        previous: current,
        changed: changed.map(({ role, version, metadata }) => ({
          role,
          version,
          file: { path: metadataPath(role, version), bytes: Buffer.from(metadata) },
        })),
        online,
        nowMs,
        atLeast,
      });
      await writeRepositoryFiles(folder, repository, files);
    } else if (
      dueForRenewal('timestamp', current.timestamp, nowMs) ||
      !isSignedBy(current.timestamp, keys.timestamp)
    ) {
      const { snapshot, timestamp: previous } = current;
      const signed = await signTimestamp({
        repository,
        previous,
        snapshot,
        signers: online.timestamp,
        nowMs,
      });
      await writeRepositoryFiles(folder, repository, [signed.file]);
    }
    const after = await readCurrent(folder, repository);
    snapshotVersion = after?.snapshotVersion ?? 0;
  });

  async function writeRoot(): Promise<Uint8Array> {
    const { version, metadata } = await roleNamed(db, repository, 'root');
    const bytes = Buffer.from(metadata);
    await writeIfAbsent({ path: metadataPath('root', version), bytes });
    return bytes;
  }

  /** Target files of all products that are not there yet; channels are rewritten by new digests. */
  async function writeTargets(): Promise<void> {
    const releases = await db.selectFrom('releases').select(['product', 'release', 'document']).execute();
    const channels = await db.selectFrom('channels').select(['product', 'channel', 'document']).execute();
    const files: RepositoryFile[] = [
      ...releases.map((r) => targetFile(releaseTarget(r.product, r.release), r.document)),
      ...channels.map((c) => targetFile(channelTarget(c.product, c.channel), c.document)),
    ];
    for (const file of files) await writeIfAbsent(file);
  }

  async function writeIfAbsent(file: RepositoryFile): Promise<void> {
    const path = repositoryPath(repository, file.path);
    if (!(await isThere(folder.filePath(path)))) await folder.putFile(path, file.bytes);
  }

  return {
    repository,
    snapshotVersion: () => snapshotVersion,
    writeRoot: async () => void (await writeRoot()),
    publish,
  };
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function targetFile(target: string, document: string): RepositoryFile {
  const bytes = Buffer.from(document);
  return { path: targetFilePath(target, createHash('sha256').update(bytes).digest('hex')), bytes };
}
