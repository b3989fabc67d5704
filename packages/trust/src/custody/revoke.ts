import type { Digest } from '@xylem/core';
import type { PublicKey } from '../keys/key-pair.ts';
import { productRoleName, releaseTarget } from '../tuf/names.ts';
import { parseTargets } from '../tuf/parse.ts';
import type { ProductRoleContent } from '../tuf/write/product-role.ts';
import type { ProductDelegation } from '../tuf/write/targets.ts';
import { isOfProduct, type TrustedRepository } from './change.ts';
import { signedBy } from './co-sign.ts';

/**
 * Releases that only the revoked key vouched for: they stand in files of the product's role which no threshold of its
 * other keys signed.
 */
export function signedOnlyBy(
  trusted: TrustedRepository,
  product: ProductDelegation,
  revoked: string,
): ReadonlySet<Digest> {
  const others: PublicKey[] = product.keys.filter(({ keyId }) => keyId !== revoked);
  const name = productRoleName(product.domain);
  const prefix = releaseTarget(product.product, '').replace(/\.json$/, '');
  const found = new Set<Digest>();
  for (const [role, bytes] of trusted.roles) {
    if (!isOfProduct(role, name) || signedBy(bytes, others).length >= (product.threshold ?? 1)) continue;
    for (const [path, target] of Object.entries(parseTargets(bytes, role).metadata.signed.targets)) {
      if (path.startsWith(prefix)) found.add(target.hashes.sha256 as Digest);
    }
  }
  return found;
}

/**
 * What a product's role says after a revocation: without those releases, which are withdrawn, and without the channels
 * that point to them.
 * @param pointsTo the release that a channel (by its target path) names; undefined where that is unknown
 */
export function withoutReleases(
  content: ProductRoleContent,
  gone: ReadonlySet<Digest>,
  pointsTo: (channel: string) => Digest | undefined,
): ProductRoleContent {
  const releases = new Map([...content.releases].filter(([, { sha256 }]) => !gone.has(sha256)));
  const channels = new Map(
    [...content.channels].filter(([path]) => {
      const release = pointsTo(path);
      return release !== undefined && !gone.has(release);
    }),
  );
  const withdrawn = [...new Set([...(content.withdrawn ?? []), ...gone])].toSorted();
  return { ...content, releases, channels, withdrawn };
}

/**
 * What a product's role says after a revocation, without its delegates: a thief may have made some, or said whose they
 * are anew. Who should sign on is delegated to again.
 */
export function withoutDelegates({ delegates: _gone, ...content }: ProductRoleContent): ProductRoleContent {
  return content;
}
