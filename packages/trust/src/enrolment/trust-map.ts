import {
  type EnvironmentId,
  limits,
  parseTrustMap,
  type RepositoryId,
  type TrustMap,
  toB64u,
  XylemError,
} from '@xylem/core';
import { repositoryIdOf } from '../tuf/names.ts';
import { parseRoot, verifySigned } from '../tuf/parse.ts';
import { exactB64u } from './b64u.ts';

/**
 * Builds and checks a trust map from the `1.root.json` of each repository.
 * @throws XylemError E_TRUST, E_DOCUMENT_INVALID
 */
export function buildTrustMap(options: {
  readonly direction: Uint8Array;
  readonly releases: readonly Uint8Array[];
  readonly products: Readonly<Record<string, RepositoryId>>;
}): TrustMap {
  const environment = repositoryIdOf(options.direction) as EnvironmentId;
  const repositories = [
    ...options.releases.map((root) => [repositoryIdOf(root), { kind: 'release', root: toB64u(root) }]),
    [environment, { kind: 'direction', root: toB64u(options.direction) }],
  ];
  return checkTrustMap({
    format: 'xylem-trust-map-1',
    environment,
    repositories: Object.fromEntries(repositories) as TrustMap['repositories'],
    products: options.products,
  });
}

/**
 * Checks what a schema can't: each repository's id is the digest of its root, and each root is signed by itself.
 * @param input bytes or the parsed value
 * @throws XylemError E_TRUST, E_DOCUMENT_INVALID, E_METADATA_INVALID, E_METADATA_SIGNATURE
 */
export function checkTrustMap(input: unknown): TrustMap {
  const map = parseTrustMap(input);
  for (const [id, { root }] of Object.entries(map.repositories)) {
    const bytes = exactB64u(root, `repositories["${id}"].root`);
    if (bytes.length > limits.rootMetadata) throw untrusted(`holds too large a root for ${id}`);
    if (repositoryIdOf(bytes) !== id) throw untrusted(`gives ${id} a root that is not the one its id names`);
    const { metadata } = parseRoot(bytes);
    verifySigned(metadata, 'root', bytes);
  }
  return map;
}

/**
 * The trust map of a host that goes to another environment: the direction root of that, which its id pins, beside the
 * release roots and products that it has. Other release roots come by joining alone.
 * @throws XylemError E_TRUST, E_METADATA_INVALID, E_METADATA_SIGNATURE
 */
export function movedTrustMap(
  map: TrustMap,
  environment: EnvironmentId,
  directionRoot: Uint8Array,
): TrustMap {
  const releases = Object.entries(map.repositories).filter(([, { kind }]) => kind === 'release');
  const direction = { kind: 'direction', root: toB64u(directionRoot) };
  return checkTrustMap({
    format: 'xylem-trust-map-1',
    environment,
    repositories: Object.fromEntries([...releases, [environment, direction]]),
    products: map.products,
  });
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
  return exactB64u(entry.root, 'root');
}

function untrusted(what: string): XylemError {
  return new XylemError('E_TRUST', `The trust map ${what}.`, { retry: 'never' });
}
