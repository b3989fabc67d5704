import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DomainId, XylemError } from '@xylem/core';
import type { Product } from '@xylem/root/contract';
import {
  emptyProductRole,
  type KeyPair,
  type ProductDelegation,
  signProductRole,
  signTargets,
} from '@xylem/trust';
import type { Api } from '../api/client.ts';
import { type Patience, whileOvertaken } from './contention.ts';
import { keyFileName } from './key-ring.ts';
import { createKey, loadKeys } from './keys.ts';
import { textOf } from './product-role.ts';
import { readVendor } from './vendor.ts';

/**
 * Creates a product: a domain, a key of its own, the vendor's delegation to it and its empty role, all signed here.
 * @throws XylemError E_KEY_INVALID where this person does not hold the vendor's targets key, E_CONFLICT where it is
 *   there already
 */
export async function createProduct(
  options: Patience & { readonly api: Api; readonly name: string; readonly keysFolder: string },
): Promise<Product> {
  const { api, name, keysFolder, randomness } = options;
  const domain = Buffer.from(randomness.bytes(16)).toString('hex') as DomainId;
  let key: KeyPair | null = null;
  return await whileOvertaken(options, async () => {
    const { targetsKeys, targetsVersion, products: before } = await readVendor(api);
    const signers = await loadKeys(keysFolder, {
      what: 'the list of products',
      keyIds: targetsKeys.keys.map(({ keyId }) => keyId),
      threshold: targetsKeys.threshold ?? 1,
    });
    const present = before.find((one) => one.product === name);
    // Ours, where only the answer to a former attempt was lost.
    if (present?.domain === domain) return await api.call('productShow', { params: { product: name } });
    if (present !== undefined) {
      // Someone else was first: no metadata names the key of this attempt, and none will.
      if (key !== null) await rm(join(keysFolder, keyFileName(name, key.keyId)), { force: true });
      throw new XylemError('E_CONFLICT', `The product ${name} exists already.`);
    }
    key ??= await createKey(keysFolder, name);
    return await send(
      options,
      { product: name, domain, keys: [key] },
      { before, targetsVersion, signers, key },
    );
  });
}

async function send(
  { api, clock }: Patience & { readonly api: Api },
  product: ProductDelegation,
  {
    before,
    targetsVersion,
    signers,
    key,
  }: {
    readonly before: readonly ProductDelegation[];
    readonly targetsVersion: number;
    readonly signers: Awaited<ReturnType<typeof loadKeys>>;
    readonly key: KeyPair;
  },
): Promise<Product> {
  const nowMs = clock.now();
  const nextTargets = await signTargets({
    products: [...before, product],
    previousVersion: targetsVersion,
    signers,
    nowMs,
  });
  const [role] = await signProductRole({
    product,
    previous: new Map(),
    content: emptyProductRole,
    signers: [key],
    nowMs,
  });
  if (role === undefined)
    throw new XylemError('E_INTERNAL', `The role of ${product.product} was not signed.`);
  return api.call('productCreate', {
    body: {
      product: product.product,
      domain: product.domain,
      targets: { role: 'targets', baseVersion: targetsVersion, metadata: textOf(nextTargets.file.bytes) },
      roles: [{ role: role.role, baseVersion: 0, metadata: textOf(role.file.bytes) }],
    },
  });
}
