import { type RepositoryId, sha256 } from '@xylem/core';
import type { Repository } from '@xylem/store';
import {
  desiredStateTarget,
  dueForRenewal,
  metadataPath,
  publishRoles,
  signDirector,
  signTimestamp,
} from '@xylem/trust';
import type { DirectionKeys } from '../keys/root-keys.ts';
import { isSignedBy } from '../keys/root-versions.ts';
import {
  readCurrent,
  readOwnMetadata,
  readRepositoryFile,
  writeRepositoryFiles,
} from '../publishing/repository-files.ts';

export interface Published {
  readonly snapshotVersion: number;
  readonly targetsVersion: number;
  /** Readers have a new snapshot to fetch; a timestamp signed anew wakes nobody. */
  readonly isNew: boolean;
}

/**
 * Brings the folder of a direction repository to the desired state: what is signed and current is left as it is.
 * The order is that no reader ever meets a reference to a file that is not there: target, role, snapshot, and last
 * the timestamp, before which `beforeTimestamp` writes what travels with it.
 * @param atLeast no version below it is signed (a restored root server stays above all that hosts have seen)
 */
export async function convergeDirection(options: {
  readonly folder: Repository;
  readonly repository: RepositoryId;
  readonly document: Uint8Array;
  readonly keys: DirectionKeys;
  readonly nowMs: number;
  readonly atLeast: number;
  readonly beforeTimestamp: (published: Published) => Promise<void>;
}): Promise<Published> {
  const { folder, repository, document, keys, nowMs } = options;
  const online = { snapshot: [keys.snapshot], timestamp: [keys.timestamp] };
  const current = await readCurrent(folder, repository);
  const listed = current === null ? {} : readOwnMetadata(current.snapshot).listed;
  const presentVersion = listed['targets'] ?? 0;
  const present =
    presentVersion === 0
      ? null
      : await readRepositoryFile(folder, repository, metadataPath('targets', presentVersion));
  const isDirectorDue =
    present === null ||
    !saysSo(present, document) ||
    !isSignedBy(present, keys.director) ||
    !namesDigest(current?.snapshot) ||
    dueForRenewal('director', present, nowMs);
  const isSnapshotDue =
    current === null ||
    !isSignedBy(current.snapshot, keys.snapshot) ||
    dueForRenewal('snapshot', current.snapshot, nowMs);
  const isBehind = current !== null && current.snapshotVersion < options.atLeast;
  if (isDirectorDue || isSnapshotDue || isBehind) {
    const previousVersion = Math.max(presentVersion, options.atLeast - 1);
    const director =
      isDirectorDue || isBehind
        ? await signDirector({ desiredState: document, previousVersion, signers: [keys.director], nowMs })
        : null;
    const files = await publishRoles({
      repository,
      previous: current,
      changed: director === null ? [] : [director],
      online,
      nowMs,
      atLeast: options.atLeast,
    });
    const timestamp = files.at(-1);
    const snapshot = files.at(-2);
    if (timestamp === undefined || snapshot === undefined)
      throw new TypeError('snapshot and timestamp come last');
    await writeRepositoryFiles(folder, repository, [
      ...(director ? [director.target] : []),
      ...files.slice(0, -1),
    ]);
    const published = {
      snapshotVersion: readOwnMetadata(snapshot.bytes).version,
      targetsVersion: director?.version ?? presentVersion,
      isNew: true,
    };
    await options.beforeTimestamp(published);
    await writeRepositoryFiles(folder, repository, [timestamp]);
    return published;
  }
  if (
    dueForRenewal('timestamp', current.timestamp, nowMs) ||
    !isSignedBy(current.timestamp, keys.timestamp)
  ) {
    const { snapshot, timestamp: previous } = current;
    const signed = await signTimestamp({ repository, previous, snapshot, signers: online.timestamp, nowMs });
    await writeRepositoryFiles(folder, repository, [signed.file]);
  }
  return { snapshotVersion: current.snapshotVersion, targetsVersion: presentVersion, isNew: false };
}

/** Snapshots of older versions name the director's role by its version alone. */
function namesDigest(snapshot: Uint8Array | undefined): boolean {
  if (snapshot === undefined) return false;
  const { signed } = JSON.parse(Buffer.from(snapshot).toString()) as {
    signed: { meta: Record<string, { hashes?: object } | undefined> };
  };
  return signed.meta['targets.json']?.hashes !== undefined;
}

function saysSo(targets: Uint8Array, document: Uint8Array): boolean {
  const { signed } = JSON.parse(Buffer.from(targets).toString()) as {
    signed: { targets: Record<string, { hashes: { sha256: string } } | undefined> };
  };
  return signed.targets[desiredStateTarget]?.hashes.sha256 === sha256(document);
}
