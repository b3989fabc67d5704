import { type RepositoryId, XylemError } from '@xylem/core';
import { productRoleName } from '../tuf/names.ts';
import { checkedDelegations } from '../tuf/write/check-targets.ts';
import type { RoleKeys } from '../tuf/write/metadata.ts';
import {
  type ProductRoleContent,
  type RoleFiles,
  readProductRole,
  signProductRole,
} from '../tuf/write/product-role.ts';
import { draftRoot, type RootRoles } from '../tuf/write/root.ts';
import { type ProductDelegation, readProductDelegations, signTargets } from '../tuf/write/targets.ts';
import { signedBy, signedPart } from './co-sign.ts';
import { followRoots, type RootState, readRoot } from './roots.ts';

/** A repository's metadata as far as its keys go, proved from the first root. */
export interface TrustedRepository {
  readonly id: RepositoryId;
  /** All roots, from `1.root.json` on. */
  readonly roots: readonly Uint8Array[];
  readonly root: RootState;
  /** Of a release repository; null for a direction repository. */
  readonly targets: Uint8Array | null;
  readonly products: readonly ProductDelegation[];
  /** Present files of products' roles and bins, as far as they matter to a change. */
  readonly roles: RoleFiles;
}

/** Metadata that is to become current, signed by none, some or all of those who must. */
export interface Draft {
  readonly role: string;
  /** The version that it replaces; 0: there is none. */
  readonly base: number;
  readonly bytes: Uint8Array;
}

/** What is to be changed; what is not named stays. */
export interface KeyChange {
  readonly root?: Partial<RootRoles>;
  /** By product: who may vouch for it. */
  readonly products?: ReadonlyMap<string, RoleKeys>;
  /** What a product's role shall say afterwards, from what it says now. */
  readonly content?: (product: string, content: ProductRoleContent) => ProductRoleContent;
}

/** One demand on a draft: so many of these keys must sign it. */
export interface Requirement extends RoleKeys {
  readonly threshold: number;
  /** Whose keys: `root, version 3`. */
  readonly whose: string;
}

/**
 * Proves what was given from the first root on.
 * @param id the pinned repository, if one is pinned
 * @throws XylemError E_METADATA_INVALID, E_METADATA_SIGNATURE, E_METADATA_MISSING
 */
export function trustRepository(
  id: RepositoryId | undefined,
  given: Pick<TrustedRepository, 'roots' | 'targets' | 'roles'>,
): TrustedRepository {
  const { roots, targets, roles } = given;
  const followed = followRoots(id, roots);
  const products = targets === null ? [] : checkedDelegations(followed.root.bytes, targets);
  for (const product of products) {
    // Throws unless the product's keys signed what is given of its role.
    if (roles.has(productRoleName(product.domain))) readProductRole(product, roles);
  }
  return { ...followed, roots, targets, products, roles };
}

/**
 * The metadata by which keys change, unsigned: next root, next targets, roles of products, in the order in which they
 * depend on each other. What stays valid as it is is not among them.
 * @throws XylemError E_INPUT (a threshold that no signing can reach)
 */
export async function draftChange(
  trusted: TrustedRepository,
  change: KeyChange,
  nowMs: number,
): Promise<Draft[]> {
  const drafts: Draft[] = [];
  const rootRoles = { ...trusted.root.roles, ...change.root };
  for (const [name, keys] of Object.entries(rootRoles)) requireReachable(name, keys);
  let { root } = trusted;
  if (change.root !== undefined) {
    const { file } = await draftRoot({ roles: rootRoles, signers: [], nowMs, previous: root.bytes });
    drafts.push({ role: 'root', base: root.version, bytes: file.bytes });
    root = readRoot(file.bytes);
  }
  if (trusted.targets === null) return drafts;
  const products = trusted.products.map((one) => ({ ...one, ...change.products?.get(one.product) }));
  const isValid = countsFor(trusted.targets, root.roles.targets);
  if (change.products !== undefined || !isValid) {
    const base = versionOf(trusted.targets);
    const { file } = await signTargets({ products, previousVersion: base, signers: [], nowMs });
    drafts.push({ role: 'targets', base, bytes: file.bytes });
  }
  for (const product of products) {
    if (change.products?.has(product.product) !== true) continue;
    requireReachable(product.product, product);
    drafts.push(...(await draftProduct(trusted, product, change, nowMs)));
  }
  return drafts;
}

async function draftProduct(
  trusted: TrustedRepository,
  product: ProductDelegation,
  change: KeyChange,
  nowMs: number,
): Promise<Draft[]> {
  const before = trusted.products.find((one) => one.product === product.product);
  if (before === undefined) throw new XylemError('E_NOT_FOUND', `There is no product ${product.product}.`);
  const name = productRoleName(product.domain);
  const previous = new Map([...trusted.roles].filter(([role]) => isOfProduct(role, name)));
  const present = readProductRole(before, previous);
  const content = change.content?.(product.product, present) ?? present;
  const signed = await signProductRole({ product, previous, content, signers: [], nowMs });
  return signed.map(({ role, file }) => {
    const bytes = previous.get(role);
    return { role, base: bytes === undefined ? 0 : versionOf(bytes), bytes: file.bytes };
  });
}

/** Who must sign a draft, given the others. */
export function requirementsOf(
  trusted: TrustedRepository,
  drafts: readonly Draft[],
  draft: Draft,
): Requirement[] {
  const nextRoot = drafts.find(({ role }) => role === 'root');
  const root = nextRoot === undefined ? trusted.root : readRoot(nextRoot.bytes);
  const demand = (keys: RoleKeys, whose: string): Requirement => ({
    keys: keys.keys,
    threshold: keys.threshold ?? 1,
    whose,
  });
  if (draft.role === 'root') {
    return [trusted.root, root].map((one) => demand(one.roles.root, `root, version ${one.version}`));
  }
  if (draft.role === 'targets') return [demand(root.roles.targets, 'targets')];
  const nextTargets = drafts.find(({ role }) => role === 'targets');
  const products = nextTargets === undefined ? trusted.products : readProductDelegations(nextTargets.bytes);
  const product = products.find(({ domain }) => isOfProduct(draft.role, productRoleName(domain)));
  if (product === undefined) throw new XylemError('E_METADATA_INVALID', `Nobody delegates ${draft.role}.`);
  return [demand(product, `product:${product.product}`)];
}

/** The demands that are not met yet, with who signed so far. */
export function missingSignatures(trusted: TrustedRepository, drafts: readonly Draft[]) {
  return drafts.flatMap((draft) =>
    requirementsOf(trusted, drafts, draft)
      .map((required) => ({ ...required, role: draft.role, signed: signedBy(draft.bytes, required.keys) }))
      .filter(({ signed, threshold }) => signed.length < threshold),
  );
}

/** `p-<domain>` itself or one of its bins. */
export function isOfProduct(role: string, name: string): boolean {
  return (
    role === name || (role.startsWith(`${name}-b`) && /^[0-9a-f]{1,2}$/.test(role.slice(name.length + 2)))
  );
}

export function versionOf(bytes: Uint8Array): number {
  const { version } = signedPart(bytes);
  return typeof version === 'number' ? version : 0;
}

function countsFor(bytes: Uint8Array, { keys, threshold = 1 }: RoleKeys): boolean {
  return signedBy(bytes, keys).length >= threshold;
}

function requireReachable(role: string, { keys, threshold = 1 }: RoleKeys): void {
  const ids = new Set(keys.map(({ keyId }) => keyId));
  if (threshold >= 1 && threshold <= ids.size && ids.size === keys.length) return;
  throw new XylemError(
    'E_INPUT',
    `${role} would need ${threshold} signatures and have ${ids.size} different keys. Give it enough keys, or a lower --threshold.`,
  );
}
