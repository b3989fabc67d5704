import type { Key, Metadata, Root, Snapshot, Timestamp } from '@tufjs/models';
import { type RepositoryId, sha256, XylemError } from '@xylem/core';

import {
  expiresMs,
  invalidMetadata,
  type Piece,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  type Signed,
  type TargetsPiece,
  verifySigned,
} from '../parse.ts';
import { type Delegator, hasOwnId } from '../signatures.ts';
import { issuedMsOf, repositoryOf } from '../xylem-field.ts';

/** What is asked of a repository beyond the specification's letter. */
export interface TrustRules {
  /** Whether ids of keys are calculated again (4.3), or only have to be different. */
  readonly keyIds: 'calculated' | 'given';
}

/** Metadata that was verified, of one repository at one moment. Never changed: each step gives a new one. */
export interface Trusted {
  readonly rules: TrustRules;
  readonly root: Piece<Root>;
  readonly timestamp?: Piece<Timestamp>;
  readonly snapshot?: Piece<Snapshot>;
  /** The targets role and delegated roles of this very snapshot, as far as they were needed. */
  readonly roles: ReadonlyMap<string, TargetsPiece>;
  /** Time was at least this, by signed content of this repository. Milliseconds since 1970. */
  readonly floorMs: number;
}

/**
 * What may stand in for unexpired timestamp, snapshot and targets: the site's direction named this snapshot version
 * of the release repository, so that version or a later one is fresh.
 */
export interface Freshness {
  readonly nowMs: number;
  readonly vouchedSnapshot?: number;
}

/** Client workflow 5.2: the trusted root to begin with is what joining pinned. */
export function pinnedRoot(id: RepositoryId, bytes: Uint8Array, rules: TrustRules): Trusted {
  if (sha256(bytes).slice(0, 32) !== id) throw invalidMetadata('root', `it is not the one that ${id} names`);
  const root = parseRoot(bytes);
  verifySigned(root.metadata, 'root', bytes);
  checkKeyIds('root', root.metadata.signed.keys, rules);
  return { rules, root, roles: new Map(), floorMs: 0 };
}

/** Client workflow 5.3.4, 5.3.5 and 5.3.7: the next root, signed by the old root's keys and its own. */
export function withRoot(trusted: Trusted, bytes: Uint8Array): Trusted {
  // 5.3.4: arbitrary software attack.
  const root = parseRoot(bytes, trusted.root.metadata);
  verifySigned(root.metadata, 'root', bytes);
  checkKeyIds('root', root.metadata.signed.keys, trusted.rules);
  // 5.3.5: rollback attack; exactly one step.
  const expected = trusted.root.metadata.signed.version + 1;
  if (root.metadata.signed.version !== expected) {
    throw invalidMetadata('root', `its version is ${root.metadata.signed.version}, not ${expected}`);
  }
  return { ...trusted, root };
}

/**
 * Client workflow 5.3.11: when the keys of timestamp or snapshot were changed, what they signed is forgotten, so that
 * versions (and here the floor of time too) that a stolen key drove up do not stay for ever. Done with each new root,
 * so that one write stores both. What the new root would not accept for another reason, as a threshold that rose, is
 * forgotten too and fetched again (5.4.2, 5.5.3); targets are checked against the root of the moment at each use.
 */
export function recovered(trusted: Trusted, before: Metadata<Root>): Trusted {
  const after = trusted.root.metadata;
  const same = (['timestamp', 'snapshot'] as const).every((role) => {
    const [old, now] = [before.signed.roles[role], after.signed.roles[role]];
    return old !== undefined && now !== undefined && sameSet(old.keyIDs, now.keyIDs);
  });
  if (!same) return { rules: trusted.rules, root: trusted.root, roles: new Map(), floorMs: 0 };
  const { timestamp, snapshot, ...rest } = trusted;
  return {
    ...rest,
    ...(timestamp !== undefined && signs(after, 'timestamp', timestamp.bytes) ? { timestamp } : {}),
    ...(snapshot !== undefined && signs(after, 'snapshot', snapshot.bytes) ? { snapshot } : {}),
  };
}

function signs(delegator: Delegator, role: string, bytes: Uint8Array): boolean {
  try {
    verifySigned(delegator, role, bytes);
    return true;
  } catch (error) {
    if (error instanceof XylemError) return false;
    throw error;
  }
}

/** Client workflow 5.3.10: freeze attack by an expired root. */
export function checkRootExpiry(trusted: Trusted, nowMs: number): void {
  checkExpiry('root', trusted.root.metadata.signed, { nowMs });
}

/** Client workflow 5.4.2 and 5.4.3. Unchanged if it is the trusted one. Expiry is checked by `checkTimestampExpiry`. */
export function withTimestamp(trusted: Trusted, bytes: Uint8Array, repository: RepositoryId): Trusted {
  // 5.4.2: arbitrary software attack.
  const timestamp = parseTimestamp(bytes, trusted.root.metadata);
  const { signed } = timestamp.metadata;
  const named = repositoryOf(signed);
  if (named !== null && named !== repository) {
    throw invalidMetadata('timestamp', `it is of the repository ${named.slice(0, 64)}`);
  }
  const before = trusted.timestamp?.metadata.signed;
  if (before !== undefined) {
    // 5.4.3.1: rollback attack on the timestamp.
    if (signed.version < before.version) throw rolledBack('timestamp', signed.version, before.version);
    if (signed.version === before.version) return trusted;
    // 5.4.3.2: rollback attack on the snapshot.
    if (signed.snapshotMeta.version < before.snapshotMeta.version) {
      throw rolledBack('snapshot', signed.snapshotMeta.version, before.snapshotMeta.version);
    }
  }
  return { ...trusted, timestamp, floorMs: Math.max(trusted.floorMs, issuedMsOf(signed) ?? 0) };
}

/** Client workflow 5.4.4: freeze attack. */
export function checkTimestampExpiry(trusted: Trusted, freshness: Freshness): void {
  const { signed } = present(trusted.timestamp, 'timestamp').metadata;
  checkExpiry('timestamp', signed, covers(freshness, signed.snapshotMeta.version));
}

/** Whether the trusted snapshot is the one that the trusted timestamp names. */
export function hasCurrentSnapshot(trusted: Trusted): boolean {
  const meta = present(trusted.timestamp, 'timestamp').metadata.signed.snapshotMeta;
  const { snapshot } = trusted;
  return snapshot !== undefined && snapshot.metadata.signed.version === meta.version && isOf(meta, snapshot);
}

/** Client workflow 5.5.2 to 5.5.5; roles of another version leave the trusted set. */
export function withSnapshot(trusted: Trusted, bytes: Uint8Array): Trusted {
  const meta = present(trusted.timestamp, 'timestamp').metadata.signed.snapshotMeta;
  // 5.5.2: hash and length as the timestamp says.
  fitsMeta('snapshot', meta, bytes);
  // 5.5.3: arbitrary software attack.
  const snapshot = parseSnapshot(bytes, trusted.root.metadata);
  // 5.5.4: version as the timestamp says (mix and match).
  if (snapshot.metadata.signed.version !== meta.version) {
    throw invalidMetadata(
      'snapshot',
      `its version is ${snapshot.metadata.signed.version}, not ${meta.version}`,
    );
  }
  const after = snapshot.metadata.signed.meta;
  // 5.5.5: no role goes back or disappears.
  for (const [name, { version }] of Object.entries(trusted.snapshot?.metadata.signed.meta ?? {})) {
    const now = Object.hasOwn(after, name) ? after[name] : undefined;
    if (now === undefined) throw invalidMetadata('snapshot', `${name} disappeared from it`);
    if (now.version < version) throw rolledBack(name, now.version, version);
  }
  // 5.6.2 and 5.6.4 for what need not be fetched again.
  const kept = [...trusted.roles].filter(([role, piece]) => {
    const named = Object.hasOwn(after, `${role}.json`) ? after[`${role}.json`] : undefined;
    return named?.version === piece.metadata.signed.version && isOf(named, piece);
  });
  return { ...trusted, snapshot, roles: new Map(kept) };
}

/**
 * A snapshot that was accepted before. Where each step is stored apart it may be older than the stored timestamp: then
 * it is not current, but still says below which versions no role may fall (5.5.5).
 */
export function withStoredSnapshot(trusted: Trusted, bytes: Uint8Array): Trusted {
  return { ...trusted, snapshot: parseSnapshot(bytes, trusted.root.metadata) };
}

/** Client workflow 5.5.6: freeze attack. */
export function checkSnapshotExpiry(trusted: Trusted, freshness: Freshness): void {
  const { signed } = present(trusted.snapshot, 'snapshot').metadata;
  checkExpiry('snapshot', signed, covers(freshness, signed.version));
}

/** Whether the trusted snapshot says anything about a role. */
export function isListed(trusted: Trusted, role: string): boolean {
  return Object.hasOwn(present(trusted.snapshot, 'snapshot').metadata.signed.meta, `${role}.json`);
}

/** What the trusted snapshot says about a role. @throws XylemError E_METADATA_INVALID if nothing */
export function metaOf(trusted: Trusted, role: string): Snapshot['meta'][string] {
  const { meta } = present(trusted.snapshot, 'snapshot').metadata.signed;
  const entry = Object.hasOwn(meta, `${role}.json`) ? meta[`${role}.json`] : undefined;
  if (entry === undefined) throw invalidMetadata(role, 'the snapshot does not list it');
  return entry;
}

/**
 * Client workflow 5.6.2 to 5.6.5 for the targets role (delegator: root) and for delegated roles.
 * @param delegator the role's name that delegates, null for the root
 */
export function withRole(
  trusted: Trusted,
  role: string,
  delegator: string | null,
  bytes: Uint8Array,
  freshness: Freshness,
): Trusted {
  const meta = metaOf(trusted, role);
  // 5.6.2: hash and length, where the snapshot gives them.
  fitsMeta(role, meta, bytes);
  // 5.6.3: arbitrary software attack.
  const piece = parseTargets(bytes, role, delegatorOf(trusted, delegator));
  checkKeyIds(role, piece.metadata.signed.delegations?.keys ?? {}, trusted.rules);
  // 5.6.4: version as the snapshot says.
  if (piece.metadata.signed.version !== meta.version) {
    throw invalidMetadata(role, `its version is ${piece.metadata.signed.version}, not ${meta.version}`);
  }
  // 5.6.5: freeze attack.
  checkRoleExpiry(trusted, role, piece, freshness);
  return { ...trusted, roles: new Map(trusted.roles).set(role, piece) };
}

/** Client workflow 5.6.3, for a role that an older root, or another delegator, has led to before. */
export function isSignedFor(
  trusted: Trusted,
  role: string,
  delegator: string | null,
  piece: TargetsPiece,
): boolean {
  const by = delegatorOf(trusted, delegator);
  return piece.by === by || signs(by, role, piece.bytes);
}

function delegatorOf(trusted: Trusted, role: string | null): Delegator {
  return role === null ? trusted.root.metadata : present(trusted.roles.get(role), role).metadata;
}

/** Client workflow 5.6.5: freeze attack. */
export function checkRoleExpiry(
  trusted: Trusted,
  role: string,
  piece: TargetsPiece,
  freshness: Freshness,
): void {
  const snapshotVersion = present(trusted.snapshot, 'snapshot').metadata.signed.version;
  checkExpiry(role, piece.metadata.signed, covers(freshness, snapshotVersion));
}

export function present<T>(piece: T | undefined, label: string): T {
  if (piece === undefined)
    throw new XylemError('E_METADATA_MISSING', `There is no trusted ${label} metadata yet.`);
  return piece;
}

/** With a voucher for this snapshot expiry does not count. */
function covers(freshness: Freshness, snapshotVersion: number): Freshness {
  const isVouched = freshness.vouchedSnapshot !== undefined && snapshotVersion >= freshness.vouchedSnapshot;
  return isVouched ? { nowMs: Number.NEGATIVE_INFINITY } : { nowMs: freshness.nowMs };
}

function checkExpiry(role: string, signed: Signed, { nowMs }: Freshness): void {
  if (expiresMs(signed) > nowMs) return;
  throw new XylemError('E_METADATA_EXPIRED', `The ${role} metadata expired at ${signed.expires}.`, {
    retry: 'elsewhere',
    details: { role, expires: signed.expires },
  });
}

function isOf(meta: MetaFile, piece: Piece<Signed>): boolean {
  try {
    fitsMeta('', meta, piece.bytes);
    return true;
  } catch (error) {
    if (error instanceof XylemError) return false;
    throw error;
  }
}

type MetaFile = Snapshot['meta'][string];

/** 4.3: the id of a key is its own, or one key could stand for another in a role's list. */
function checkKeyIds(role: string, keys: Readonly<Record<string, Key>>, rules: TrustRules): void {
  if (rules.keyIds === 'given') return;
  for (const key of Object.values(keys)) {
    if (!hasOwnId(key, sha256)) throw invalidMetadata(role, `${key.keyID.slice(0, 64)} is not its key's id`);
  }
}

function fitsMeta(role: string, meta: MetaFile, bytes: Uint8Array): void {
  try {
    meta.verify(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new XylemError('E_METADATA_INVALID', `The ${role} metadata is not the one that was named.`, {
      cause,
      retry: 'elsewhere',
    });
  }
}

function rolledBack(role: string, version: number, trusted: number): XylemError {
  const message = `The ${role} metadata has version ${version}; version ${trusted} was already accepted.`;
  return new XylemError('E_METADATA_ROLLBACK', message, {
    retry: 'elsewhere',
    details: { role, version, trusted },
  });
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((entry) => b.includes(entry));
}
