import type { Repository } from '@xylem/store';
import { metadataPath, type RepositoryFile, readRole, readSnapshot, readTimestamp } from '@xylem/trust';

/** What a repository says now, for signing the next version; null when it has no timestamp yet. */
export async function readCurrent(
  repository: Repository,
  id: string,
  _nowMs: number,
): Promise<{
  previous: { snapshot: Uint8Array; timestamp: Uint8Array };
  roles: Record<string, number>;
  targets: number;
} | null> {
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await repository.readFile(`r/${id}/${path}`);
    if (bytes === null) throw new Error(`${path} of ${id} is not there`);
    return bytes;
  };
  if ((await repository.readFile(`r/${id}/${metadataPath('timestamp', 0)}`)) === null) return null;
  const timestamp = await read(metadataPath('timestamp', 0));
  const snapshot = await read(metadataPath('snapshot', readTimestamp(timestamp).snapshotVersion));
  const { roles } = readSnapshot(snapshot);
  const targets = readRole(await read(metadataPath('targets', roles.targets ?? 0))).version;
  return { previous: { snapshot, timestamp }, roles, targets };
}

/** Writes files in the given order. @returns the snapshot version that is current then */
export async function keepFiles(
  repository: Repository,
  id: string,
  files: readonly RepositoryFile[],
): Promise<number> {
  for (const { path, bytes } of files) await repository.putFile(`r/${id}/${path}`, bytes);
  const timestamp = await repository.readFile(`r/${id}/${metadataPath('timestamp', 0)}`);
  return timestamp === null ? 0 : readTimestamp(timestamp).snapshotVersion;
}
