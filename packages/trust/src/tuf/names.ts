import { type DomainId, type RepositoryId, sha256 } from '@xylem/core';

/** A file of a repository, its path below `/r/<repository>/`. */
export interface RepositoryFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The id of the repository that begins with these bytes of `1.root.json`. */
export function repositoryIdOf(firstRoot: Uint8Array): RepositoryId {
  return sha256(firstRoot).slice(0, 32) as RepositoryId;
}

/** `metadata/<version>.<role>.json`, for the timestamp `metadata/timestamp.json`. */
export function metadataPath(role: string, version: number): string {
  return role === 'timestamp' ? 'metadata/timestamp.json' : `metadata/${version}.${role}.json`;
}

/** `targets/<folder/><sha256>.<name>`: where a target lies (TUF consistent snapshots). */
export function targetFilePath(target: string, digest: string): string {
  const slash = target.lastIndexOf('/') + 1;
  return `targets/${target.slice(0, slash)}${digest}.${target.slice(slash)}`;
}

/** The role that vouches for a product's releases. */
export function productRoleName(domain: DomainId): string {
  return `p-${domain}`;
}

/** The target under which a release document is vouched for. */
export function releaseTarget(product: string, digest: string): string {
  return `release/${product}/${digest}.json`;
}

export function channelTarget(product: string, channel: string): string {
  return `channel/${product}/${channel}.json`;
}

/** The one target of a direction repository. */
export const desiredStateTarget = 'desired-state.json';

/** The version that is signed next: max(previous + 1, Unix seconds). */
export function nextVersion(previous: number, nowMs: number): number {
  return Math.max(previous + 1, Math.floor(nowMs / 1000));
}
