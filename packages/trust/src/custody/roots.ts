import type { RepositoryId } from '@xylem/core';
import type { PublicKey } from '../keys/key-pair.ts';
import { pinnedRoot, type Trusted, withRoot } from '../tuf/client/trusted.ts';
import { repositoryIdOf } from '../tuf/names.ts';
import { expiresMs, invalidMetadata, parseRoot } from '../tuf/parse.ts';
import type { RoleKeys } from '../tuf/write/metadata.ts';
import type { RootRoles } from '../tuf/write/root.ts';

/** What a root says, as bytes and as data. */
export interface RootState {
  readonly bytes: Uint8Array;
  readonly version: number;
  readonly expiresMs: number;
  readonly roles: RootRoles;
}

const rules = { keyIds: 'calculated' } as const;

/**
 * The newest root of a repository, proved from its first (TUF 5.3): each is signed by its predecessor's keys and its own.
 * @param id the pinned repository; undefined: the one that the first root makes
 * @param roots all of them, from `1.root.json` on
 * @throws XylemError E_METADATA_INVALID, E_METADATA_SIGNATURE
 */
export function followRoots(
  id: RepositoryId | undefined,
  roots: readonly Uint8Array[],
): { readonly id: RepositoryId; readonly root: RootState } {
  const [first, ...later] = roots;
  if (first === undefined) throw invalidMetadata('root', 'there is none');
  const repository = id ?? repositoryIdOf(first);
  let trusted: Trusted = pinnedRoot(repository, first, rules);
  for (const bytes of later) trusted = withRoot(trusted, bytes);
  return { id: repository, root: readRoot(trusted.root.bytes) };
}

/**
 * The root that follows `current`, signed by both thresholds.
 * @throws XylemError E_METADATA_INVALID, E_METADATA_SIGNATURE
 */
export function checkNextRoot(current: Uint8Array, next: Uint8Array): RootState {
  const before: Trusted = { rules, root: parseRoot(current), roles: new Map(), floorMs: 0 };
  return readRoot(withRoot(before, next).root.bytes);
}

/** What a root says, its signatures unread. @throws XylemError E_METADATA_INVALID */
export function readRoot(bytes: Uint8Array): RootState {
  const { signed } = parseRoot(bytes).metadata;
  const role = (name: string): RoleKeys => {
    const { keyIDs = [], threshold = 1 } = signed.roles[name] ?? {};
    return { keys: keyIDs.flatMap((keyId) => ed25519(keyId, signed.keys[keyId])), threshold };
  };
  const roles = {
    root: role('root'),
    targets: role('targets'),
    snapshot: role('snapshot'),
    timestamp: role('timestamp'),
  };
  return { bytes, version: signed.version, expiresMs: expiresMs(signed), roles };
}

function ed25519(
  keyId: string,
  key: { readonly keyType: string; readonly keyVal: { readonly public?: string } } | undefined,
): PublicKey[] {
  const hex = key?.keyVal.public;
  if (key?.keyType !== 'ed25519' || hex === undefined || !/^[0-9a-f]{64}$/.test(hex)) return [];
  return [{ keyId, public: Uint8Array.from(Buffer.from(hex, 'hex')) }];
}
