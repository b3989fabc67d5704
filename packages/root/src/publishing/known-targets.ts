import { sha256, XylemError } from '@xylem/core';
import { channelTarget, type ProductRoleContent, releaseTarget } from '@xylem/trust';
import type { Database } from '../db/tables.ts';

/**
 * Whatever a role vouches for must be here, or readers would be led to files that do not exist.
 * @throws XylemError E_OBJECT_MISSING
 */
export async function requireKnownTargets(
  trx: Database,
  product: string,
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
  ]);
  for (const [target, { sha256: digest }] of [...content.releases, ...content.channels]) {
    if (known.has(`${target} ${digest}`)) continue;
    throw new XylemError('E_OBJECT_MISSING', `The role vouches for ${target}, which was never sent here.`, {
      details: { target, digest },
    });
  }
}
