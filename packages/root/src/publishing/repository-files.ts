import { XylemError } from '@xylem/core';
import type { Repository } from '@xylem/store';
import { metadataPath, type RepositoryFile } from '@xylem/trust';

/** Where a repository's file lies below the folder that children pull. */
export const repositoryPath = (repository: string, path: string): string => `r/${repository}/${path}`;

/** @throws XylemError E_STATE_DAMAGED: what this server wrote itself is gone */
export async function readRepositoryFile(
  folder: Repository,
  repository: string,
  path: string,
): Promise<Uint8Array> {
  const bytes = await folder.readFile(repositoryPath(repository, path));
  if (bytes !== null) return bytes;
  throw new XylemError(
    'E_STATE_DAMAGED',
    `${repositoryPath(repository, path)} is missing. Restore it from the backup.`,
  );
}

/** Writes in the given order, each durable before the next: no reader ever sees a reference to an absent file. */
export async function writeRepositoryFiles(
  folder: Repository,
  repository: string,
  files: readonly RepositoryFile[],
): Promise<void> {
  for (const file of files) await folder.putFile(repositoryPath(repository, file.path), file.bytes);
}

/** What this server's own signed metadata says; it was checked when it was signed. */
export interface OwnMetadata {
  readonly version: number;
  readonly expiresMs: number;
  /** Versions listed, by role name without `.json`. */
  readonly listed: Readonly<Record<string, number>>;
}

export function readOwnMetadata(bytes: Uint8Array): OwnMetadata {
  const { signed } = JSON.parse(Buffer.from(bytes).toString()) as {
    signed: { version: number; expires: string; meta?: Record<string, { version: number }> };
  };
  const listed = Object.entries(signed.meta ?? {}).map(([name, { version }]) => [
    name.replace(/\.json$/, ''),
    version,
  ]);
  return {
    version: signed.version,
    expiresMs: Date.parse(signed.expires),
    listed: Object.fromEntries(listed),
  };
}

/** The current timestamp and snapshot as they lie in the folder, or null for a repository that has none yet. */
export async function readCurrent(
  folder: Repository,
  repository: string,
): Promise<{
  timestamp: Uint8Array;
  snapshot: Uint8Array;
  snapshotVersion: number;
  timestampVersion: number;
} | null> {
  const timestamp = await folder.readFile(repositoryPath(repository, metadataPath('timestamp', 0)));
  if (timestamp === null) return null;
  const { version, listed } = readOwnMetadata(timestamp);
  const snapshotVersion = listed['snapshot'] ?? 0;
  const snapshot = await readRepositoryFile(folder, repository, metadataPath('snapshot', snapshotVersion));
  return { timestamp, snapshot, snapshotVersion, timestampVersion: version };
}
