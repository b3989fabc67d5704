import { join } from 'node:path';
import { type Digest, encodeChannel, timeOf } from '@xylem/core';
import {
  channelTarget,
  loadKeyFile,
  type ProductRoleContent,
  readProductDelegations,
  readProductRole,
  signProductRole,
  targetDigest,
} from '@xylem/trust';
import type { AttackLab } from './lab.ts';

/**
 * Changes what the product's role says, by its key; a channel that is set to a release takes the change along.
 * @param keysFolder of the publisher
 */
export async function rule(
  lab: Pick<AttackLab, 'api'>,
  keysFolder: string,
  rules: Pick<ProductRoleContent, 'floor' | 'withdrawn'>,
  { version, release }: { readonly version: string; readonly release: Digest },
): Promise<void> {
  const vendor = (await lab.api('GET', '/release-repository')).body as { targets: { metadata: string } };
  const [product] = readProductDelegations(Buffer.from(vendor.targets.metadata));
  if (product === undefined) throw new Error('no product');
  const { roles } = (await lab.api('GET', '/products/shop/roles')).body as {
    roles: { role: string; version: number; metadata: string }[];
  };
  const previous = new Map(roles.map(({ role, metadata }) => [role, Buffer.from(metadata)]));
  const issued = timeOf(Date.now());
  const document = encodeChannel({
    format: 'xylem-channel-1',
    product: 'shop',
    channel: 'attack',
    version,
    release,
    issued,
  } as Parameters<typeof encodeChannel>[0]);
  const [keyId = ''] = product.keys.map((key) => key.keyId);
  const content = readProductRole(product, previous);
  const signed = await signProductRole({
    product,
    previous,
    content: {
      ...content,
      ...rules,
      channels: new Map([...content.channels, [channelTarget('shop', 'attack'), targetDigest(document)]]),
    },
    signers: [await loadKeyFile(join(keysFolder, `shop-${keyId.slice(0, 16)}.json`))],
    nowMs: Date.now(),
  });
  const answer = await lab.api('PUT', '/products/shop/channels/attack', {
    document: Buffer.from(document).toString(),
    roles: signed.map(({ role, file }) => ({
      role,
      baseVersion: roles.find((one) => one.role === role)?.version ?? 0,
      metadata: Buffer.from(file.bytes).toString(),
    })),
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}
