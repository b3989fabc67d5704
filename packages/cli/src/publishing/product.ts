import { type DomainId, XylemError } from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';
import type { Product } from '@xylem/root/contract';
import { emptyProductRole, type ProductDelegation, signProductRole, signTargets } from '@xylem/trust';
import type { Api } from '../api/client.ts';
import { createKey, loadKeys } from './keys.ts';
import { textOf } from './product-role.ts';
import { readVendor } from './vendor.ts';

/**
 * Creates a product: a domain, a key of its own, the vendor's delegation to it and its empty role, all signed here.
 * @throws XylemError E_KEY_INVALID where this person does not hold the vendor's targets key
 */
export async function createProduct(options: {
  readonly api: Api;
  readonly name: string;
  readonly keysFolder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
}): Promise<Product> {
  const { api, name, keysFolder, clock, randomness } = options;
  const { targetsKeys, targetsVersion, products: before } = await readVendor(api);
  const signers = await loadKeys(keysFolder, {
    what: 'the list of products',
    keyIds: targetsKeys.keys.map(({ keyId }) => keyId),
    threshold: targetsKeys.threshold ?? 1,
  });
  if (before.some((one) => one.product === name))
    throw new XylemError('E_CONFLICT', `The product ${name} exists already.`);

  const key = await createKey(keysFolder, name);
  const domain = Buffer.from(randomness.bytes(16)).toString('hex') as DomainId;
  const product: ProductDelegation = { product: name, domain, keys: [key] };
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
  if (role === undefined) throw new XylemError('E_INTERNAL', `The role of ${name} was not signed.`);
  return api.call('productCreate', {
    body: {
      product: name,
      domain,
      targets: { role: 'targets', baseVersion: targetsVersion, metadata: textOf(nextTargets.file.bytes) },
      roles: [{ role: role.role, baseVersion: 0, metadata: textOf(role.file.bytes) }],
    },
  });
}
