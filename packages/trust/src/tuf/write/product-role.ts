import { type Metadata, Targets } from '@tufjs/models';
import { type Digest, sha256, type Transitions, type Version, XylemError } from '@xylem/core';
import type { Signer } from '../../keys/key-pair.ts';
import { metadataLifetimeMs } from '../lifetimes.ts';
import { nextVersion, productRoleName, releaseTarget } from '../names.ts';
import { parseTargets } from '../parse.ts';
import { productRulesOf } from '../xylem-field.ts';
import { binCountFor, binNames, binOf } from './bins.ts';
import {
  type Delegate,
  type DelegatedContent,
  delegationJson,
  isBinOf,
  readDelegateRole,
  readDelegates,
} from './delegates.ts';
import { dueForRenewal } from './due.ts';
import { expiryAfter, roleJson, type SignedRole, signMetadata, specVersion, tufKeys } from './metadata.ts';
import type { ProductDelegation } from './targets.ts';

/** What TUF says about a target's bytes. */
export interface TargetDigest {
  readonly length: number;
  readonly sha256: Digest;
}

/** All that a product's role and its bins say. */
export interface ProductRoleContent {
  /** By target path, `release/<product>/<sha256>.json`. */
  readonly releases: ReadonlyMap<string, TargetDigest>;
  /** By target path, `channel/<product>/<name>.json`. */
  readonly channels: ReadonlyMap<string, TargetDigest>;
  /** The lowest version that hosts still take. */
  readonly floor?: Version;
  /** Digests of release documents that must not be installed. */
  readonly withdrawn?: readonly Digest[];
  /** Which ways lead from one release to another; absent: any. */
  readonly transitions?: Transitions;
  /** Other keys that may sign releases and some channels. */
  readonly delegates?: readonly Delegate[];
}

/** Metadata bytes by role name: `p-<domain>` and its bins, as they lie in the repository now. */
export type RoleFiles = ReadonlyMap<string, Uint8Array>;

export const emptyProductRole: ProductRoleContent = { releases: new Map(), channels: new Map() };

export function targetDigest(bytes: Uint8Array): TargetDigest {
  return { length: bytes.length, sha256: sha256(bytes) as Digest };
}

/**
 * Reads what a product's role says now, to change and sign it again. Every file is checked against the product's
 * keys, so that a lying root server can't slip a target into what the publisher signs next.
 * @throws XylemError E_METADATA_SIGNATURE, E_METADATA_INVALID, E_METADATA_MISSING (a bin)
 */
export function readProductRole(product: ProductDelegation, files: RoleFiles): ProductRoleContent {
  const name = productRoleName(product.domain);
  const bytes = files.get(name);
  if (bytes === undefined) return emptyProductRole;
  const role = verified(delegatingRole(product), name, bytes);
  const listed = new Map(Object.entries(role.signed.targets));
  for (const bin of Object.keys(role.signed.delegations?.roles ?? {})) {
    if (!isBinOf(name, bin)) continue;
    const binBytes = files.get(bin);
    if (binBytes === undefined) {
      throw new XylemError('E_METADATA_MISSING', `The bin ${bin} of ${product.product} is not there.`);
    }
    for (const entry of Object.entries(verified(role, bin, binBytes).signed.targets)) listed.set(...entry);
  }
  const releasePrefix = releaseTarget(product.product, '').replace(/\.json$/, '');
  const releases = new Map<string, TargetDigest>();
  const channels = new Map<string, TargetDigest>();
  for (const [path, target] of listed) {
    const digest = { length: target.length, sha256: target.hashes.sha256 as Digest };
    (path.startsWith(releasePrefix) ? releases : channels).set(path, digest);
  }
  const delegates = readDelegates(product, role);
  const rules = productRulesOf(role.signed);
  return { releases, channels, ...rules, ...(delegates.length === 0 ? {} : { delegates }) };
}

/**
 * What a delegate of a product's role vouches for, ended or not.
 * @throws XylemError as `readProductRole`
 */
export function readDelegated(
  product: ProductDelegation,
  delegate: Delegate,
  files: RoleFiles,
): DelegatedContent {
  const bytes = files.get(productRoleName(product.domain));
  if (bytes === undefined) return { releases: new Map(), channels: new Map() };
  return readDelegateRole(product, parseTargets(bytes).metadata, delegate, files);
}

/**
 * Who is delegated to, by a role whose signatures nobody looked at: for a delegate, whose own signature is worth what
 * the role that hosts verify says, whatever it was shown.
 * @throws XylemError E_METADATA_INVALID
 */
export function readDelegatesUnverified(
  product: Pick<ProductDelegation, 'product' | 'domain'>,
  files: RoleFiles,
): Delegate[] {
  const bytes = files.get(productRoleName(product.domain));
  return bytes === undefined ? [] : readDelegates({ ...product, keys: [] }, parseTargets(bytes).metadata);
}

/**
 * All that a product's role and its unexpired delegates vouch for; what stands in the role itself goes before.
 * @throws XylemError as `readProductRole`
 */
export function readVouched(product: ProductDelegation, files: RoleFiles, nowMs: number): ProductRoleContent {
  const own = readProductRole(product, files);
  if (own.delegates === undefined) return own;
  const releases = new Map(own.releases);
  const channels = new Map(own.channels);
  for (const delegate of own.delegates) {
    if (delegate.untilMs <= nowMs) continue;
    const said = readDelegated(product, delegate, files);
    for (const [path, digest] of said.releases) if (!releases.has(path)) releases.set(path, digest);
    for (const [path, digest] of said.channels) if (!channels.has(path)) channels.set(path, digest);
  }
  return { ...own, releases, channels };
}

/**
 * Signs a product's role and bins so that they say `content`. Needs the product's key only.
 * @param options.previous the present files; what would say the same again and is not near its end is kept
 * @returns the changed roles only, bins first
 */
export async function signProductRole(options: {
  readonly product: ProductDelegation;
  readonly previous: RoleFiles;
  readonly content: ProductRoleContent;
  readonly signers: readonly Signer[];
  readonly nowMs: number;
}): Promise<SignedRole[]> {
  const { product, previous, content, signers, nowMs } = options;
  const name = productRoleName(product.domain);
  const bins = binCountFor(content.releases.size, currentBins(name, previous.get(name)));
  const inRole = new Map([...content.channels, ...(bins === 0 ? content.releases : [])]);
  const xylem = {
    ...(content.floor === undefined ? {} : { floor: content.floor }),
    ...(content.withdrawn?.length ? { withdrawn: content.withdrawn.toSorted() } : {}),
    ...(content.transitions === undefined || Object.keys(content.transitions).length === 0
      ? {}
      : { transitions: plain(content.transitions) }),
  };
  const delegates = content.delegates ?? [];
  const delegations = {
    keys: tufKeys([...(bins === 0 ? [] : product.keys), ...delegates.map(({ key }) => key)]),
    // Delegates first: a bin ends the search (TUF 5.6.7.2.1).
    roles: [
      ...delegates.map((delegate) => delegationJson(product, delegate)),
      ...binNames(name, bins).map((bin) => ({
        name: bin.name,
        terminating: true,
        path_hash_prefixes: [bin.prefix],
        ...roleJson(product),
      })),
    ],
  };
  const body = {
    targets: targetsJson(inRole),
    ...(delegations.roles.length === 0 ? {} : { delegations }),
    ...(Object.keys(xylem).length === 0 ? {} : { xylem }),
  };
  const wanted = new Map<string, RoleBody>();
  if (bins > 0) {
    for (const bin of binNames(name, bins)) wanted.set(bin.name, { targets: {} });
    for (const [path, digest] of content.releases) {
      Object.assign(
        wanted.get(binOf(name, bins, path))?.targets ?? {},
        targetsJson(new Map([[path, digest]])),
      );
    }
  }
  wanted.set(name, body);
  const signed: SignedRole[] = [];
  for (const [role, roleBody] of wanted) {
    const before = previous.get(role);
    if (before !== undefined && saysTheSame(before, roleBody, product, nowMs)) continue;
    signed.push(await signRole(role, roleBody, before, signers, nowMs));
  }
  return signed;
}

type RoleBody = {
  targets: Record<string, { length: number; hashes: { sha256: string } }>;
  delegations?: { keys: ReturnType<typeof tufKeys>; roles: object[] };
  xylem?: { floor?: string; withdrawn?: Digest[]; transitions?: ReturnType<typeof plain> };
};

/** As the TUF library takes JSON. */
function plain(transitions: Transitions): Record<string, Record<string, string | boolean>[]> {
  return Object.fromEntries(
    Object.entries(transitions).map(([what, said]) => [what, said.map((one) => ({ ...one }))]),
  );
}

async function signRole(
  role: string,
  body: RoleBody,
  before: Uint8Array | undefined,
  signers: readonly Signer[],
  nowMs: number,
): Promise<SignedRole> {
  const previousVersion = before === undefined ? 0 : parseTargets(before, role).metadata.signed.version;
  const targets = Targets.fromJSON({
    _type: 'targets',
    spec_version: specVersion,
    version: nextVersion(previousVersion, nowMs),
    expires: expiryAfter(nowMs, metadataLifetimeMs.productRole),
    ...(body as Parameters<typeof Targets.fromJSON>[0]),
  });
  return signMetadata(role, targets, signers);
}

/** Whether the signed bytes hold this body, by enough of the present keys, and live for a while. */
function saysTheSame(bytes: Uint8Array, body: RoleBody, product: ProductDelegation, nowMs: number): boolean {
  const { metadata } = parseTargets(bytes);
  const { version, expires } = metadata.signed;
  const again = Targets.fromJSON({
    _type: 'targets',
    spec_version: specVersion,
    version,
    expires,
    ...(body as Parameters<typeof Targets.fromJSON>[0]),
  });
  const known = new Set(product.keys.map((key) => key.keyId));
  const signatures = Object.keys(metadata.signatures).filter((keyId) => known.has(keyId)).length;
  return (
    again.equals(metadata.signed) &&
    signatures >= (product.threshold ?? 1) &&
    !dueForRenewal('productRole', bytes, nowMs)
  );
}

function targetsJson(entries: ReadonlyMap<string, TargetDigest>): RoleBody['targets'] {
  return Object.fromEntries(
    [...entries].map(([path, { length, sha256: digest }]) => [path, { length, hashes: { sha256: digest } }]),
  );
}

function currentBins(name: string, bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 0;
  const { delegations } = parseTargets(bytes).metadata.signed;
  return Object.keys(delegations?.roles ?? {}).filter((role) => isBinOf(name, role)).length;
}

function verified(delegator: Metadata<Targets>, role: string, bytes: Uint8Array): Metadata<Targets> {
  return parseTargets(bytes, role, delegator).metadata;
}

/** A stand-in for the targets role, which delegates this product by these keys. */
function delegatingRole(product: ProductDelegation): Metadata<Targets> {
  return parseTargets(
    Buffer.from(
      JSON.stringify({
        signatures: [],
        signed: {
          _type: 'targets',
          spec_version: specVersion,
          version: 1,
          expires: '9999-01-01T00:00:00Z',
          targets: {},
          delegations: {
            keys: tufKeys(product.keys),
            roles: [
              {
                name: productRoleName(product.domain),
                terminating: true,
                paths: ['*'],
                ...roleJson(product),
              },
            ],
          },
        },
      }),
    ),
  ).metadata;
}
