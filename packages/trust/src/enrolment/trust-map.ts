import { type EnvironmentId, isEnvironmentId, type RepositoryId, XylemError } from '@xylem/core';
import { metadataMaxBytes } from '../tuf/lifetimes.ts';
import { repositoryIdOf } from '../tuf/names.ts';
import { parseRoot, verifySigned } from '../tuf/parse.ts';
import { b64u, fromB64u } from './token.ts';

export interface TrustMap {
  readonly format: 'xylem-trust-map-1';
  readonly environment: EnvironmentId;
  readonly repositories: Readonly<
    Record<string, { readonly kind: 'release' | 'direction'; readonly root: string }>
  >;
  /** Product name, or `*` for those not named, to the release repository that may vouch for it. */
  readonly products: Readonly<Record<string, RepositoryId>>;
}

/**
 * Builds and checks a trust map from the `1.root.json` of each repository.
 * @throws XylemError E_TRUST
 */
export function buildTrustMap(options: {
  readonly direction: Uint8Array;
  readonly releases: readonly Uint8Array[];
  readonly products: Readonly<Record<string, RepositoryId>>;
}): TrustMap {
  const repositories: Record<string, { kind: 'release' | 'direction'; root: string }> = {};
  for (const root of options.releases)
    repositories[repositoryIdOf(root)] = { kind: 'release', root: b64u(root) };
  const environment = repositoryIdOf(options.direction) as EnvironmentId;
  repositories[environment] = { kind: 'direction', root: b64u(options.direction) };
  return parseTrustMap({
    format: 'xylem-trust-map-1',
    environment,
    repositories,
    products: options.products,
  });
}

/**
 * Checks a trust map: each id is the digest of its root, each root is signed by itself, the environment's own
 * repository is there, and products point at release repositories only.
 * @throws XylemError E_TRUST
 */
export function parseTrustMap(value: unknown): TrustMap {
  const { format, environment, repositories, products } = recordOf(value, 'The trust map');
  if (format !== 'xylem-trust-map-1') throw untrusted('has another format');
  if (typeof environment !== 'string' || !isEnvironmentId(environment))
    throw untrusted('lacks an environment');
  const checked: Record<string, { kind: 'release' | 'direction'; root: string }> = {};
  for (const [id, entry] of Object.entries(recordOf(repositories, 'repositories'))) {
    const { kind, root } = recordOf(entry, id);
    if (kind !== 'release' && kind !== 'direction') throw untrusted(`gives ${id} an unknown kind`);
    const bytes = fromB64u(root);
    if (bytes.length > metadataMaxBytes.root) throw untrusted(`holds too large a root for ${id}`);
    if (repositoryIdOf(bytes) !== id) throw untrusted(`gives ${id} a root that is not the one its id names`);
    const { metadata } = parseRoot(bytes);
    verifySigned(metadata, 'root', metadata);
    checked[id] = { kind, root: b64u(bytes) };
  }
  if (checked[environment]?.kind !== 'direction')
    throw untrusted('lacks the direction repository of its environment');
  const map: Record<string, RepositoryId> = {};
  for (const [product, repository] of Object.entries(recordOf(products, 'products'))) {
    if (typeof repository !== 'string' || checked[repository]?.kind !== 'release') {
      throw untrusted(`gives the product ${product.slice(0, 64)} no release repository`);
    }
    map[product] = repository as RepositoryId;
  }
  return { format, environment, repositories: checked, products: map };
}

/** The repository that may vouch for a product, or null. */
export function repositoryForProduct(map: TrustMap, product: string): RepositoryId | null {
  const own = Object.hasOwn(map.products, product) ? map.products[product] : undefined;
  return own ?? map.products['*'] ?? null;
}

/** The pinned `1.root.json` of a repository. @throws XylemError E_TRUST if the map does not hold it */
export function pinnedRootOf(map: TrustMap, repository: RepositoryId): Uint8Array {
  const entry = Object.hasOwn(map.repositories, repository) ? map.repositories[repository] : undefined;
  if (entry === undefined) throw untrusted(`does not hold the repository ${repository}`);
  return fromB64u(entry.root);
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw untrusted(`holds no object: ${what}`);
  return value as Record<string, unknown>;
}

function untrusted(what: string): XylemError {
  return new XylemError('E_TRUST', `The trust map ${what}.`, { retry: 'never' });
}
