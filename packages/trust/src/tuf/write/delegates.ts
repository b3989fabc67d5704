import { type Metadata, Targets } from '@tufjs/models';
import { type DomainId, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import type { PublicKey, Signer } from '../../keys/key-pair.ts';
import { metadataLifetimeMs } from '../lifetimes.ts';
import { channelTarget, nextVersion, productRoleName, releaseTarget } from '../names.ts';
import { invalidMetadata, parseTargets } from '../parse.ts';
import { endOfDelegation } from '../xylem-field.ts';
import { type SignedRole, signMetadata, specVersion } from './metadata.ts';
import type { TargetDigest } from './product-role.ts';
import type { ProductDelegation } from './targets.ts';

/** A key that may sign releases and some channels of one product until a moment: a build's (docs/spec/metadata.md). */
export interface Delegate {
  /** As people call it: `ci`. */
  readonly name: string;
  readonly key: PublicKey;
  readonly channels: readonly string[];
  /** Whole seconds, milliseconds since 1970. */
  readonly untilMs: number;
}

/** What a delegate vouches for. */
export interface DelegatedContent {
  readonly releases: ReadonlyMap<string, TargetDigest>;
  readonly channels: ReadonlyMap<string, TargetDigest>;
}

const mostDelegates = 8;
const mostChannels = 16;
/** A delegate's role has no bins; what it releases more is retired, or taken over by the product's own key. */
export const mostDelegatedReleases = 200;

/** `-by-` can be no bin's name: those end in one or two hex digits. */
export function delegateRoleName(domain: DomainId, keyId: string): string {
  return `${productRoleName(domain)}-by-${keyId.slice(0, 16)}`;
}

export const isBinOf = (name: string, role: string): boolean =>
  role.startsWith(`${name}-b`) && /^[0-9a-f]{1,2}$/.test(role.slice(name.length + 2));

/** The delegation as it stands in the product's role. Not terminating: what is not there is looked for in the bins. */
export function delegationJson({ product, domain }: ProductDelegation, delegate: Delegate): object {
  return {
    name: delegateRoleName(domain, delegate.key.keyId),
    terminating: false,
    paths: pathsOf(product, delegate.channels),
    keyids: [delegate.key.keyId],
    threshold: 1,
    xylem: { name: delegate.name, until: formatTime(delegate.untilMs) },
  };
}

const pathsOf = (product: string, channels: readonly string[]): string[] => [
  releaseTarget(product, '*').replace(/\.json$/, ''),
  ...channels.map((channel) => channelTarget(product, channel)),
];

/**
 * The delegates of a product's role (verified by the caller), each delegation exactly as the specification says.
 * @throws XylemError E_METADATA_INVALID
 */
export function readDelegates(product: ProductDelegation, role: Metadata<Targets>): Delegate[] {
  const name = productRoleName(product.domain);
  const { roles = {}, keys = {} } = role.signed.delegations ?? {};
  const delegates = Object.values(roles ?? {})
    .filter((one) => !isBinOf(name, one.name))
    .map((one) => {
      const [keyId = ''] = one.keyIDs;
      const hex = keys[keyId]?.keyVal.public ?? '';
      const { name: label } = (one.unrecognizedFields?.xylem ?? {}) as { name?: unknown };
      const prefix = channelTarget(product.product, '').replace(/\.json$/, '');
      const channels = (one.paths ?? [])
        .slice(1)
        .map((path) => path.slice(prefix.length).replace(/\.json$/, ''));
      const delegate: Delegate = {
        name: typeof label === 'string' ? label : '',
        key: { keyId, public: Uint8Array.from(Buffer.from(hex, 'hex')) },
        channels,
        untilMs: endOfDelegation(one) ?? Number.NaN,
      };
      const isKnown =
        one.name === delegateRoleName(product.domain, keyId) &&
        /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(delegate.name) &&
        /^[0-9a-f]{64}$/.test(hex) &&
        !one.terminating &&
        one.pathHashPrefixes === undefined &&
        one.threshold === 1 &&
        one.keyIDs.length === 1 &&
        Number.isFinite(delegate.untilMs) &&
        channels.length <= mostChannels &&
        channels.every((channel) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(channel)) &&
        one.paths?.join() === pathsOf(product.product, channels).join();
      if (isKnown) return delegate;
      throw invalidMetadata(
        name,
        `its delegation to ${one.name.slice(0, 100)} is not as the specification says`,
      );
    });
  if (delegates.length > mostDelegates) {
    throw invalidMetadata(name, `it delegates to more than ${mostDelegates} keys`);
  }
  return delegates;
}

/**
 * What a delegate vouches for now; nothing where it has signed nothing yet.
 * @param role the product's role, verified by the caller
 * @throws XylemError E_METADATA_SIGNATURE, E_METADATA_INVALID
 */
export function readDelegateRole(
  product: ProductDelegation,
  role: Metadata<Targets>,
  delegate: Delegate,
  files: ReadonlyMap<string, Uint8Array>,
): DelegatedContent {
  const name = delegateRoleName(product.domain, delegate.key.keyId);
  const bytes = files.get(name);
  const releases = new Map<string, TargetDigest>();
  const channels = new Map<string, TargetDigest>();
  if (bytes === undefined) return { releases, channels };
  const { targets } = parseTargets(bytes, name, role).metadata.signed;
  for (const [path, { length, hashes }] of Object.entries(targets)) {
    const digest = { length, sha256: hashes.sha256 as TargetDigest['sha256'] };
    (path.startsWith('release/') ? releases : channels).set(path, digest);
  }
  return { releases, channels };
}

/**
 * Signs a delegate's role so that it says `content`. It ends with the delegation.
 * @throws XylemError E_METADATA_EXPIRED (the delegation has ended), E_TOO_LARGE (too many releases)
 */
export async function signDelegateRole(options: {
  readonly product: ProductDelegation;
  readonly delegate: Delegate;
  readonly previous: Uint8Array | undefined;
  readonly content: DelegatedContent;
  readonly signer: Signer;
  readonly nowMs: number;
}): Promise<SignedRole> {
  const { product, delegate, previous, content, signer, nowMs } = options;
  const name = delegateRoleName(product.domain, delegate.key.keyId);
  const expires = formatTime(delegate.untilMs);
  if (delegate.untilMs <= nowMs) {
    throw new XylemError(
      'E_METADATA_EXPIRED',
      `The delegation of ${product.product} to ${delegate.name} ended at ${expires}.`,
    );
  }
  if (content.releases.size > mostDelegatedReleases) {
    throw new XylemError(
      'E_TOO_LARGE',
      `${delegate.name} would vouch for more than ${mostDelegatedReleases} releases of ${product.product}. Retire old ones first.`,
    );
  }
  const entries = [...content.releases, ...content.channels].map(([path, { length, sha256: digest }]) => [
    path,
    { length, hashes: { sha256: digest } },
  ]);
  const before = previous === undefined ? 0 : parseTargets(previous, name).metadata.signed.version;
  const targets = Targets.fromJSON({
    _type: 'targets',
    spec_version: specVersion,
    version: nextVersion(before, nowMs),
    expires,
    targets: Object.fromEntries(entries),
  });
  return signMetadata(name, targets, [signer]);
}

/** Refuses a delegation that lasts longer than the role that makes it, and two of one name. */
export function checkDelegates(name: string, delegates: readonly Delegate[], nowMs: number): void {
  const late = delegates.find(({ untilMs }) => untilMs > nowMs + metadataLifetimeMs.productRole + 86_400_000);
  if (late !== undefined)
    throw invalidMetadata(name, `its delegation to ${late.name} lasts longer than a year`);
  if (new Set(delegates.map((one) => one.name)).size !== delegates.length) {
    throw invalidMetadata(name, 'it names a delegate twice');
  }
}
