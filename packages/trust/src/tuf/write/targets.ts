import { Targets } from '@tufjs/models';
import { type DomainId, sha256 } from '@xylem/core';
import type { Signer } from '../../keys/key-pair.ts';
import { metadataLifetimeMs } from '../lifetimes.ts';
import {
  channelTarget,
  desiredStateTarget,
  nextVersion,
  productRoleName,
  type RepositoryFile,
  releaseTarget,
  targetFilePath,
} from '../names.ts';
import { parseTargets } from '../parse.ts';
import {
  expiryAfter,
  type RoleKeys,
  roleJson,
  type SignedRole,
  signMetadata,
  specVersion,
  tufKeys,
} from './metadata.ts';

/** Who may vouch for a product's releases and channels. */
export interface ProductDelegation extends RoleKeys {
  readonly product: string;
  readonly domain: DomainId;
}

/**
 * Signs the targets role of a release repository, which delegates one terminating role per product and vouches for
 * nothing itself. Offline keys.
 * @param previousVersion 0 when there is none
 */
export async function signTargets(options: {
  readonly products: readonly ProductDelegation[];
  readonly previousVersion: number;
  readonly signers: readonly Signer[];
  readonly nowMs: number;
}): Promise<SignedRole> {
  const { products, previousVersion, signers, nowMs } = options;
  const targets = Targets.fromJSON({
    _type: 'targets',
    spec_version: specVersion,
    version: nextVersion(previousVersion, nowMs),
    expires: expiryAfter(nowMs, metadataLifetimeMs.targets),
    targets: {},
    delegations: {
      keys: tufKeys(products.flatMap((product) => product.keys)),
      roles: products.map((product) => ({
        name: productRoleName(product.domain),
        terminating: true,
        paths: productPaths(product.product),
        ...roleJson(product),
      })),
    },
  });
  return signMetadata('targets', targets, signers);
}

/** The products that a targets role (bytes, already checked) delegates, in its order. */
export function readProductDelegations(bytes: Uint8Array): ProductDelegation[] {
  const delegations = parseTargets(bytes).metadata.signed.delegations;
  return Object.values(delegations?.roles ?? {}).flatMap((role) => {
    const product = /^release\/([^/*]+)\/\*$/.exec(role.paths?.[0] ?? '')?.[1];
    if (product === undefined || !role.name.startsWith('p-')) return [];
    const keys = role.keyIDs.flatMap((keyId) => {
      const hex = delegations?.keys[keyId]?.keyVal.public;
      return hex === undefined ? [] : [{ keyId, public: Uint8Array.from(Buffer.from(hex, 'hex')) }];
    });
    return [{ product, domain: role.name.slice(2) as DomainId, keys, threshold: role.threshold }];
  });
}

/**
 * Signs the director's role of a direction repository: its one target is the desired state.
 * @returns the role and the target file, which must lie in the repository before the role does
 */
export async function signDirector(options: {
  readonly desiredState: Uint8Array;
  readonly previousVersion: number;
  readonly signers: readonly Signer[];
  readonly nowMs: number;
}): Promise<SignedRole & { readonly target: RepositoryFile }> {
  const { desiredState, previousVersion, signers, nowMs } = options;
  const digest = sha256(desiredState);
  const targets = Targets.fromJSON({
    _type: 'targets',
    spec_version: specVersion,
    version: nextVersion(previousVersion, nowMs),
    expires: expiryAfter(nowMs, metadataLifetimeMs.director),
    targets: { [desiredStateTarget]: { length: desiredState.length, hashes: { sha256: digest } } },
  });
  const signed = await signMetadata('targets', targets, signers);
  return { ...signed, target: { path: targetFilePath(desiredStateTarget, digest), bytes: desiredState } };
}

function productPaths(product: string): string[] {
  return [
    releaseTarget(product, '*').replace(/\.json$/, ''),
    channelTarget(product, '*').replace(/\.json$/, ''),
  ];
}
