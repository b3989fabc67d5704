import type { Metadata, Targets } from '@tufjs/models';
import { type DomainId, limits, sha256, XylemError } from '@xylem/core';
import { channelTarget, metadataPath, productRoleName, targetFilePath } from '../names.ts';
import { expiresMs, invalidMetadata, parseTargets } from '../parse.ts';
import { binNames } from './bins.ts';
import { checkVersion } from './check-version.ts';
import {
  checkDelegates,
  type Delegate,
  delegateRoleName,
  isBinOf,
  mostDelegatedReleases,
  readDelegateRole,
  readDelegates,
} from './delegates.ts';
import type { SignedRole } from './metadata.ts';
import { type ProductRoleContent, type RoleFiles, readProductRole, readVouched } from './product-role.ts';
import { type ProductDelegation, readProductDelegations } from './targets.ts';

/** An uploaded product role that may be made current. */
export interface CheckedProductRole {
  /** To be written, bins first, then given to `publishRoles`. */
  readonly changed: readonly SignedRole[];
  readonly content: ProductRoleContent;
  /** With what delegates vouch for. */
  readonly vouched: ProductRoleContent;
  /** Repository paths and digests of all targets now vouched for: each must lie in the repository before. */
  readonly targetFiles: ReadonlyMap<string, { readonly target: string; readonly length: number }>;
}

/**
 * Checks what a publisher uploads for a product: signatures by the keys that the targets role names, rising
 * versions, expiry, only this product's paths, bins complete and as the specification says.
 * @param options.targets the current targets role (bytes, the root server's own)
 * @param options.current the present files of the product's role and bins
 * @param options.uploaded the new ones
 * @throws XylemError E_METADATA_SIGNATURE, E_METADATA_ROLLBACK, E_METADATA_INVALID, E_METADATA_EXPIRED,
 *   E_METADATA_MISSING, E_TOO_LARGE, E_NOT_FOUND (the targets role delegates no such product)
 */
export function checkProductRole(options: {
  readonly domain: DomainId;
  readonly targets: Uint8Array;
  readonly current: RoleFiles;
  readonly uploaded: RoleFiles;
  readonly nowMs: number;
}): CheckedProductRole {
  const { domain, targets, current, uploaded, nowMs } = options;
  const name = productRoleName(domain);
  const product = readProductDelegations(targets).find((entry) => entry.domain === domain);
  if (product === undefined) {
    throw new XylemError(
      'E_NOT_FOUND',
      `The targets role of this repository delegates no product ${domain}.`,
    );
  }
  const files = new Map([...current, ...uploaded]);
  const roleBytes = files.get(name);
  if (roleBytes === undefined)
    throw new XylemError('E_METADATA_MISSING', `The role ${name} was not uploaded.`);
  for (const [role, bytes] of uploaded) {
    if (bytes.length > limits.metadata) throw new XylemError('E_TOO_LARGE', `The role ${role} is too large.`);
  }
  const delegator = parseTargets(targets).metadata;
  const role = parseTargets(roleBytes, name, delegator).metadata;
  checkTargets(name, role, [`release/${product.product}/`, `channel/${product.product}/`], '');
  const bins = checkBins(
    name,
    role,
    product.keys.map((key) => key.keyId),
    product.threshold ?? 1,
  );
  const delegates = new Map(
    readDelegates(product, role).map((one) => [delegateRoleName(domain, one.key.keyId), one]),
  );
  if (uploaded.has(name)) checkDelegates(name, [...delegates.values()], nowMs);
  const changed: SignedRole[] = [];
  for (const [uploadedName, bytes] of uploaded) {
    const prefix = bins.get(uploadedName);
    const delegate = delegates.get(uploadedName);
    if (uploadedName !== name && prefix === undefined && delegate === undefined) {
      throw invalidMetadata(uploadedName, `the role ${name} does not delegate to it`);
    }
    const { metadata } = parseTargets(bytes, uploadedName, uploadedName === name ? delegator : role);
    if (prefix !== undefined) {
      checkTargets(uploadedName, metadata, [`release/${product.product}/`], prefix);
      if (metadata.signed.delegations !== undefined)
        throw invalidMetadata(uploadedName, 'a bin delegates further');
    }
    if (delegate !== undefined) checkDelegate(uploadedName, product.product, delegate, metadata, nowMs);
    const { version } = metadata.signed;
    checkVersion(uploadedName, version, current.get(uploadedName) ?? null, nowMs);
    if (expiresMs(metadata.signed) <= nowMs) {
      throw new XylemError('E_METADATA_EXPIRED', `The role ${uploadedName} has expired.`);
    }
    changed.push({ role: uploadedName, version, file: { path: metadataPath(uploadedName, version), bytes } });
  }
  changed.sort((a, b) => Number(a.role === name) - Number(b.role === name));
  const content = readProductRole(product, files);
  for (const delegate of delegates.values()) refuseShadows(product, role, delegate, files, content);
  const vouched = readVouched(product, files, nowMs);
  const targetFiles = new Map(
    [...vouched.releases, ...vouched.channels].map(([target, { length, sha256: digest }]) => [
      targetFilePath(target, digest),
      { target, length },
    ]),
  );
  return { changed, content, vouched, targetFiles };
}

/** A delegate is asked before the bins: with another length for a release of theirs it would keep that from hosts. */
function refuseShadows(
  product: ProductDelegation,
  role: Metadata<Targets>,
  delegate: Delegate,
  files: RoleFiles,
  own: ProductRoleContent,
): void {
  for (const [path, { length }] of readDelegateRole(product, role, delegate, files).releases) {
    const ours = own.releases.get(path);
    if (ours !== undefined && ours.length !== length)
      throw invalidMetadata(
        delegateRoleName(product.domain, delegate.key.keyId),
        `${path} has another length`,
      );
  }
}

/** No more than its delegation allows: these channels, until this moment. */
function checkDelegate(
  role: string,
  product: string,
  delegate: Delegate,
  metadata: Metadata<Targets>,
  nowMs: number,
): void {
  if (delegate.untilMs <= nowMs) {
    throw new XylemError('E_METADATA_EXPIRED', `The delegation of ${product} to ${delegate.name} has ended.`);
  }
  checkTargets(role, metadata, [`release/${product}/`, `channel/${product}/`], '');
  const { targets, delegations } = metadata.signed;
  const stranger = Object.keys(targets).find(
    (path) =>
      path.startsWith('channel/') &&
      !delegate.channels.some((channel) => path === channelTarget(product, channel)),
  );
  if (stranger !== undefined) throw invalidMetadata(role, `it may not vouch for ${stranger.slice(0, 200)}`);
  if (delegations !== undefined) throw invalidMetadata(role, 'a delegate delegates further');
  if (Object.keys(targets).length > mostDelegatedReleases + delegate.channels.length) {
    throw invalidMetadata(role, `it vouches for more than ${mostDelegatedReleases} releases`);
  }
  if (expiresMs(metadata.signed) !== delegate.untilMs) {
    throw invalidMetadata(role, 'it does not end with its delegation');
  }
}

/** Paths of this product only, each of the form that readers ask for, and in the right bin. */
function checkTargets(
  role: string,
  metadata: Metadata<Targets>,
  prefixes: readonly string[],
  hashPrefix: string,
): void {
  for (const [path, target] of Object.entries(metadata.signed.targets)) {
    const prefix = prefixes.find((candidate) => path.startsWith(candidate));
    const file = prefix === undefined ? '' : path.slice(prefix.length);
    if (!/^[a-z0-9-]+\.json$/.test(file))
      throw invalidMetadata(role, `it may not vouch for ${path.slice(0, 200)}`);
    const digest = target.hashes.sha256;
    if (digest === undefined || !/^[0-9a-f]{64}$/.test(digest) || Object.keys(target.hashes).length !== 1) {
      throw invalidMetadata(role, `${path} needs one SHA-256 and no other hash`);
    }
    if (prefix?.startsWith('release/') && file !== `${digest}.json`) {
      throw invalidMetadata(role, `${path} is not named by its digest`);
    }
    if (hashPrefix !== '' && !pathIsIn(path, hashPrefix))
      throw invalidMetadata(role, `${path} is in the wrong bin`);
  }
}

function pathIsIn(path: string, hashPrefix: string): boolean {
  return sha256(path).startsWith(hashPrefix);
}

/** The bins of a role by name, with their prefix. */
function checkBins(
  name: string,
  role: Metadata<Targets>,
  keyIds: readonly string[],
  threshold: number,
): ReadonlyMap<string, string> {
  const delegations = role.signed.delegations;
  if (delegations === undefined) return new Map();
  const roles = Object.values(delegations.roles ?? {}).filter((one) => isBinOf(name, one.name));
  if (delegations.succinctRoles === undefined && roles.length === 0) return new Map();
  if (delegations.succinctRoles !== undefined || (roles.length !== 16 && roles.length !== 256)) {
    throw invalidMetadata(name, 'it delegates to neither 16 nor 256 bins');
  }
  const expected = new Map(binNames(name, roles.length).map((bin) => [bin.name, bin.prefix]));
  for (const bin of roles) {
    const prefix = expected.get(bin.name);
    const fits =
      prefix !== undefined &&
      bin.terminating &&
      bin.paths === undefined &&
      bin.pathHashPrefixes?.length === 1 &&
      bin.pathHashPrefixes[0] === prefix &&
      bin.threshold === threshold &&
      bin.keyIDs.length === keyIds.length &&
      bin.keyIDs.every((keyId) => keyIds.includes(keyId));
    if (!fits)
      throw invalidMetadata(name, `its bin ${bin.name.slice(0, 100)} is not as the specification says`);
  }
  return expected;
}
