import { parseChannel, sha256, timeOf, XylemError } from '@xylem/core';
import { channelTarget, type ProductRoleContent } from '@xylem/trust';
import type { BodyOf } from '../api/contract.ts';
import type { Channel } from '../api/schemas/publishing.ts';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { productNamed, requireReleases } from './products.ts';
import { checkRoles, releaseNamed, retiredRelease, saveChecked } from './releases.ts';
import { publishingLock } from './roles.ts';

/**
 * Points a channel to a release. The same pointer again changes nothing.
 * @throws XylemError E_CHANNEL_INVALID, E_INPUT, E_NOT_FOUND, E_WITHDRAWN, E_CONFLICT, and those of `checkProductRole`
 */
export async function setChannel(
  root: Root,
  who: string,
  { product, channel }: { product: string; channel: string },
  body: BodyOf<'channelSet'>,
): Promise<Channel> {
  const releases = requireReleases(root);
  const row = await productNamed(root.db, product);
  const document = parseChannel(Buffer.from(body.document));
  if (document.product !== product || document.channel !== channel) {
    throw new XylemError('E_INPUT', `The channel document is not of ${product}/${channel}.`);
  }
  const release = await releaseNamed(root.db, product, document.version);
  if (release.release !== document.release) {
    throw new XylemError(
      'E_INPUT',
      `The channel document names another release than ${product}@${document.version}.`,
    );
  }
  if (release.retired) throw retiredRelease(product, document.version);
  if (release.withdrawn) throw new XylemError('E_WITHDRAWN', `${product}@${document.version} was withdrawn.`);
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, publishingLock);
    const known = await trx
      .selectFrom('channels')
      .selectAll()
      .where('product', '=', product)
      .where('channel', '=', channel)
      .executeTakeFirst();
    if (known?.document === body.document) return;
    const nowMs = root.clock.now();
    const checked = await checkRoles(trx, row, body, nowMs);
    if (checked.vouched.channels.get(channelTarget(product, channel))?.sha256 !== sha256(body.document)) {
      throw new XylemError('E_INPUT', 'The uploaded role does not vouch for this channel document.');
    }
    const { version, release: digest } = document;
    const values = { version, release: digest, document: body.document, updated_ms: nowMs };
    await trx
      .insertInto('channels')
      .values({ product, channel, ...values })
      .onConflict((c) => c.columns(['product', 'channel']).doUpdateSet(values))
      .execute();
    await saveChecked(trx, row, checked);
    await appendAudit(trx, nowMs, {
      who,
      what: 'channel.set',
      subject: `channel/${product}/${channel}`,
      before: known === undefined ? null : { version: known.version },
      after: { version },
    });
  });
  await releases.publish();
  // Environments that follow the channel take the new release.
  await root.deploying.channelMoved(product, channel);
  const channels = await listChannels(root.db, product);
  const set = channels.find((entry) => entry.channel === channel);
  if (set === undefined)
    throw new XylemError('E_NOT_FOUND', `The channel ${product}/${channel} was removed meanwhile.`);
  return set;
}

export async function listChannels(db: Database, product: string): Promise<Channel[]> {
  const rows = await db
    .selectFrom('channels')
    .selectAll()
    .where('product', '=', product)
    .orderBy('channel')
    .execute();
  return rows.map(({ channel, version, release, updated_ms }) => ({
    product,
    channel,
    version,
    release,
    updated: timeOf(updated_ms),
  }));
}

/** Channels that a product's role and its delegates no longer vouch for are not offered any more. */
export async function dropLostChannels(
  trx: Database,
  product: string,
  vouched: ProductRoleContent,
): Promise<void> {
  const rows = await trx.selectFrom('channels').select('channel').where('product', '=', product).execute();
  for (const { channel } of rows) {
    if (vouched.channels.has(channelTarget(product, channel))) continue;
    await trx.deleteFrom('channels').where('product', '=', product).where('channel', '=', channel).execute();
  }
}
