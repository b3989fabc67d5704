import type { RepositoryId } from '@xylem/core';
import type { Signer } from '../../keys/key-pair.ts';
import { type RepositoryFile, repositoryIdOf } from '../names.ts';
import type { SignedRole } from './metadata.ts';
import { type RootRoles, signRoot } from './root.ts';
import { signSnapshot, signTimestamp } from './snapshot.ts';

/** The keys that a root server holds for a repository. */
export interface OnlineSigners {
  readonly snapshot: readonly Signer[];
  readonly timestamp: readonly Signer[];
}

/**
 * Makes a repository around a signed targets role (`signTargets` or `signDirector`).
 * @returns its id and its files; written in this order no reader ever sees a reference to an absent file
 */
export async function createRepository(options: {
  readonly roles: RootRoles;
  readonly rootSigners: readonly Signer[];
  readonly targets: SignedRole & { readonly target?: RepositoryFile };
  readonly online: OnlineSigners;
  readonly nowMs: number;
}): Promise<{ id: RepositoryId; files: RepositoryFile[] }> {
  const { roles, rootSigners, targets, online, nowMs } = options;
  const root = await signRoot({ roles, signers: rootSigners, nowMs });
  const id = repositoryIdOf(root.file.bytes);
  const files = await publishRoles({ repository: id, previous: null, changed: [targets], online, nowMs });
  const target = targets.target === undefined ? [] : [targets.target];
  return { id, files: [...target, root.file, ...files] };
}

/**
 * Signs what makes changed roles current: snapshot, then timestamp. Where nothing changed, `changed` is empty.
 * @param options.previous the current snapshot and timestamp (bytes), null for a new repository
 * @returns files in the order in which they must be written: roles, snapshot, timestamp. Their targets come before.
 */
export async function publishRoles(options: {
  readonly repository: RepositoryId;
  readonly previous: { readonly snapshot: Uint8Array; readonly timestamp: Uint8Array } | null;
  readonly changed: readonly SignedRole[];
  readonly online: OnlineSigners;
  readonly nowMs: number;
  /** Snapshot and timestamp get at least this version: for a restored root server. */
  readonly atLeast?: number;
}): Promise<RepositoryFile[]> {
  const { repository, previous, changed, online, nowMs, atLeast = 0 } = options;
  const snapshot = await signSnapshot({
    previous: previous?.snapshot ?? null,
    changed,
    signers: online.snapshot,
    nowMs,
    atLeast,
  });
  const timestamp = await signTimestamp({
    repository,
    previous: previous?.timestamp ?? null,
    snapshot: snapshot.file.bytes,
    signers: online.timestamp,
    nowMs,
    atLeast,
  });
  return [...changed.map((role) => role.file), snapshot.file, timestamp.file];
}
