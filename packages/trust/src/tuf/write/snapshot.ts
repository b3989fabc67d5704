import { MetaFile, Snapshot, Timestamp } from '@tufjs/models';
import { type RepositoryId, sha256 } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { Signer } from '../../keys/key-pair.ts';
import { metadataLifetimeMs } from '../lifetimes.ts';
import { nextVersion } from '../names.ts';
import { parseSnapshot, parseTimestamp } from '../parse.ts';
import { expiryAfter, type SignedRole, signMetadata, specVersion } from './metadata.ts';

/**
 * Signs the snapshot after `previous` (bytes, null: the first) with the versions of the changed roles. Roles of
 * `previous` stay listed for ever: a client refuses a snapshot from which one is missing (TUF 5.5.5).
 * Roles are listed by version alone: 256 bins' hashes would be 8 kB with each change, and a role is signed anyway.
 */
export async function signSnapshot(options: {
  readonly previous: Uint8Array | null;
  readonly changed: readonly { readonly role: string; readonly version: number }[];
  readonly signers: readonly Signer[];
  readonly nowMs: number;
  /** The version is at least this: for a restored root server, above all that hosts have seen. */
  readonly atLeast?: number;
}): Promise<SignedRole> {
  const { previous, changed, signers, nowMs, atLeast = 0 } = options;
  const before = previous === null ? null : parseSnapshot(previous).metadata.signed;
  const meta = { ...before?.meta };
  for (const { role, version } of changed) meta[`${role}.json`] = new MetaFile({ version });
  const snapshot = new Snapshot({
    specVersion,
    version: Math.max(nextVersion(before?.version ?? 0, nowMs), atLeast),
    expires: expiryAfter(nowMs, metadataLifetimeMs.snapshot),
    meta,
  });
  return signMetadata('snapshot', snapshot, signers);
}

/**
 * Signs the timestamp of a snapshot (bytes). Beside TUF's fields it holds `xylem`: `issued`, from which a client's
 * floor of time rises, and `repository`, so that it is never taken for another repository's.
 */
export async function signTimestamp(options: {
  readonly repository: RepositoryId;
  readonly previous: Uint8Array | null;
  readonly snapshot: Uint8Array;
  readonly signers: readonly Signer[];
  readonly nowMs: number;
  /** The version is at least this: for a restored root server, above all that hosts have seen. */
  readonly atLeast?: number;
}): Promise<SignedRole> {
  const { repository, previous, snapshot, signers, nowMs, atLeast = 0 } = options;
  const before = previous === null ? 0 : parseTimestamp(previous).metadata.signed.version;
  const timestamp = new Timestamp({
    specVersion,
    version: Math.max(nextVersion(before, nowMs), atLeast),
    expires: expiryAfter(nowMs, metadataLifetimeMs.timestamp),
    snapshotMeta: new MetaFile({
      version: parseSnapshot(snapshot).metadata.signed.version,
      length: snapshot.length,
      hashes: { sha256: sha256(snapshot) },
    }),
    unrecognizedFields: { xylem: { issued: formatTime(nowMs), repository } },
  });
  return signMetadata('timestamp', timestamp, signers);
}
