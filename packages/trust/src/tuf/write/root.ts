import { Root } from '@tufjs/models';
import type { Signer } from '../../keys/key-pair.ts';
import { metadataLifetimeMs } from '../lifetimes.ts';
import { parseRoot, verifySigned } from '../parse.ts';
import {
  expiryAfter,
  type RoleKeys,
  roleJson,
  type SignedRole,
  signMetadata,
  specVersion,
  tufKeys,
} from './metadata.ts';

/** Which keys may sign each top-level role. Use keys of its own for each repository. */
export interface RootRoles {
  readonly root: RoleKeys;
  readonly targets: RoleKeys;
  readonly snapshot: RoleKeys;
  readonly timestamp: RoleKeys;
}

/**
 * Signs the first root, or after `previous` (bytes) the next. Signers of the old and of the new root role must be
 * among `signers`.
 * @throws XylemError E_METADATA_SIGNATURE when too few of either sign
 */
export async function signRoot(options: {
  readonly roles: RootRoles;
  readonly signers: readonly Signer[];
  readonly nowMs: number;
  readonly previous?: Uint8Array;
}): Promise<SignedRole> {
  const { previous } = options;
  const before = previous === undefined ? undefined : parseRoot(previous).metadata;
  const signed = await draftRoot(options);
  const { metadata } = parseRoot(signed.file.bytes);
  verifySigned(metadata, 'root', signed.file.bytes);
  if (before !== undefined) verifySigned(before, 'root', signed.file.bytes);
  return signed;
}

/** As `signRoot`, by as many as are at hand: the others add their signatures where they are. */
export async function draftRoot(options: {
  readonly roles: RootRoles;
  readonly signers: readonly Signer[];
  readonly nowMs: number;
  readonly previous?: Uint8Array;
}): Promise<SignedRole> {
  const { roles, signers, nowMs, previous } = options;
  const before = previous === undefined ? 0 : parseRoot(previous).metadata.signed.version;
  const names = ['root', 'targets', 'snapshot', 'timestamp'] as const;
  const root = Root.fromJSON({
    _type: 'root',
    spec_version: specVersion,
    // A root's version is always the previous one's plus 1 (TUF 5.3.5).
    version: before + 1,
    expires: expiryAfter(nowMs, metadataLifetimeMs.root),
    consistent_snapshot: true,
    keys: tufKeys(names.flatMap((name) => roles[name].keys)),
    roles: Object.fromEntries(names.map((name) => [name, roleJson(roles[name])])),
  });
  return signMetadata('root', root, signers);
}
