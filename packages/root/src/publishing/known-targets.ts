import { sha256, XylemError } from '@xylem/core';
import { channelTarget, type ProductRoleContent, releaseTarget } from '@xylem/trust';
import type { Database } from '../db/tables.ts';
import type { ProductRow } from './products.ts';
import { rolesOfProduct } from './roles.ts';

/**
 * Whatever a role vouches for must be here, or readers would be led to files that do not exist. What the present role
 * vouches for already is no matter of the next one: after a restore a role taken from a relay may name releases that no
 * relay holds, and publishing must go on all the same.
 * @throws XylemError E_OBJECT_MISSING
 */
export async function requireKnownTargets(
  trx: Database,
  { product, repository, domain }: ProductRow,
  content: ProductRoleContent,
): Promise<void> {
  const releases = await trx
    .selectFrom('releases')
    .select('release')
    .where('product', '=', product)
    .execute();
  const channels = await trx
    .selectFrom('channels')
    .select(['channel', 'document'])
    .where('product', '=', product)
    .execute();
  const known = new Set([
    ...releases.map(({ release }) => `${releaseTarget(product, release)} ${release}`),
    ...channels.map(({ channel, document }) => `${channelTarget(product, channel)} ${sha256(document)}`),
    ...(await rolesOfProduct(trx, repository, domain)).flatMap(({ metadata }) => vouchedIn(metadata)),
  ]);
  for (const [target, { sha256: digest }] of [...content.releases, ...content.channels]) {
    if (known.has(`${target} ${digest}`)) continue;
    throw new XylemError('E_OBJECT_MISSING', `The role vouches for ${target}, which was never sent here.`, {
      details: { target, digest },
    });
  }
}

function vouchedIn(metadata: string): string[] {
  const { signed } = JSON.parse(metadata) as {
    signed: { targets: Record<string, { hashes: { sha256: string } }> };
  };
  return Object.entries(signed.targets).map(([target, { hashes }]) => `${target} ${hashes.sha256}`);
}
