import type { Targets } from '@tufjs/models';
import type { RoleExtension } from '@xylem/core';
import { expiresMs, parseSnapshot, parseTargets, parseTimestamp } from './parse.ts';
import { issuedMsOf, productRulesOf } from './xylem-field.ts';

/**
 * These read metadata that the caller signed, or checked, itself: **no signature is looked at**. Hosts use TufClient.
 * All throw XylemError E_METADATA_INVALID for what is malformed.
 */
export function readRole(bytes: Uint8Array): {
  version: number;
  expiresMs: number;
  targets: Targets['targets'];
} {
  const { signed } = parseTargets(bytes).metadata;
  return { version: signed.version, expiresMs: expiresMs(signed), targets: signed.targets };
}

/** What a product's role says beside its targets. Nothing of its signatures is looked at. @throws XylemError E_METADATA_INVALID */
export function readProductRules(bytes: Uint8Array): RoleExtension {
  return productRulesOf(parseTargets(bytes).metadata.signed);
}

/** @returns the version of each role that it lists, by the role's name */
export function readSnapshot(bytes: Uint8Array): {
  version: number;
  expiresMs: number;
  roles: Record<string, number>;
} {
  const { signed } = parseSnapshot(bytes).metadata;
  const roles = Object.entries(signed.meta).map(([name, { version }]) => [
    name.replace(/\.json$/, ''),
    version,
  ]);
  return { version: signed.version, expiresMs: expiresMs(signed), roles: Object.fromEntries(roles) };
}

/** @returns `issuedMs` null where its writer does not say it */
export function readTimestamp(bytes: Uint8Array): {
  version: number;
  expiresMs: number;
  issuedMs: number | null;
  snapshotVersion: number;
} {
  const { signed } = parseTimestamp(bytes).metadata;
  return {
    version: signed.version,
    expiresMs: expiresMs(signed),
    issuedMs: issuedMsOf(signed),
    snapshotVersion: signed.snapshotMeta.version,
  };
}
