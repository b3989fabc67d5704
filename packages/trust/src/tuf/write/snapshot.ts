import { MetaFile, Snapshot, Timestamp } from '@tufjs/models';
import { type RepositoryId, sha256 } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { Signer } from '../../keys/key-pair.ts';
import { metadataLifetimeMs } from '../lifetimes.ts';
import { nextVersion } from '../names.ts';
import { parseSnapshot, parseTimestamp } from '../parse.ts';
import { isBinName } from './bins.ts';
import { expiryAfter, type SignedRole, signMetadata, specVersion } from './metadata.ts';

/**
 * Signs the snapshot after `previous` (bytes, null: the first) with the versions of the changed roles. Roles of
 * `previous` stay listed for ever: a client refuses a snapshot from which one is missing (TUF 5.5.5).
 * Beside a version stand length and digest, so that who holds the role's key alone puts no other bytes under it
 * (5.6.2); not for bins, of which 256 would be 25 kB in each snapshot.
 */
export async function signSnapshot(options: {
  readonly previous: Uint8Array | null;
  readonly changed: readonly SignedRole[];
  readonly signers: readonly Signer[];
  readonly nowMs: number;
  /** The version is at least this: for a restored root server, above all that hosts have seen. */
  readonly atLeast?: number;
}): Promise<SignedRole> {
  const { previous, changed, signers, nowMs, atLeast = 0 } = options;
  const before = previous === null ? null : parseSnapshot(previous).metadata.signed;
  const meta = { ...before?.meta };
  for (const { role, version, file } of changed) {
    meta[`${role}.json`] = new MetaFile({ version, ...(isBinName(role) ? {} : contentOf(file.bytes)) });
  }
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
      ...contentOf(snapshot),
    }),
    unrecognizedFields: { xylem: { issued: formatTime(nowMs), repository } },
  });
  return signMetadata('timestamp', timestamp, signers);
}

function contentOf(bytes: Uint8Array): { length: number; hashes: { sha256: string } } {
  return { length: bytes.length, hashes: { sha256: sha256(bytes) } };
}
