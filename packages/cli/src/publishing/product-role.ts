import { XylemError } from '@xylem/core';
import type { SignedRoleUpload } from '@xylem/root/contract';
import {
  type ProductDelegation,
  type ProductRoleContent,
  productRoleName,
  readProductRole,
  type Signer,
  signProductRole,
} from '@xylem/trust';
import type { Api } from '../api/client.ts';
import { type Patience, whileOvertaken } from './contention.ts';
import { loadKeys } from './keys.ts';
import { readVendor } from './vendor.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What a product's role says now, checked by the keys that the vendor's targets name for it. */
interface PresentRole {
  readonly product: ProductDelegation;
  readonly versions: ReadonlyMap<string, number>;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly content: ProductRoleContent;
}

/** @throws XylemError E_NOT_FOUND, E_METADATA_SIGNATURE */
async function presentRole(api: Api, name: string): Promise<PresentRole> {
  const [{ products }, { roles }] = await Promise.all([
    readVendor(api),
    api.call('productRoles', { params: { product: name } }),
  ]);
  const product = products.find((one) => one.product === name);
  if (product === undefined) {
    throw new XylemError(
      'E_NOT_FOUND',
      `The vendor's targets delegate no product ${name}. \`xylem product create ${name}\` does it.`,
    );
  }
  const files = new Map(roles.map(({ role, metadata }) => [role, bytesOf(metadata)]));
  const versions = new Map(roles.map(({ role, version }) => [role, version]));
  return { product, versions, files, content: readProductRole(product, files) };
}

/**
 * Signs what the role shall say next and hands it to `send`. When someone else signed meanwhile, it is done again
 * from what is there now.
 */
export async function changeRole<T>(
  options: Patience & { readonly api: Api; readonly product: string; readonly keysFolder: string },
  change: (present: ProductRoleContent) => ProductRoleContent,
  send: (roles: SignedRoleUpload[]) => Promise<T>,
): Promise<T> {
  let opened: { readonly of: string; readonly signers: readonly Signer[] } | null = null;
  return await whileOvertaken(options, async () => {
    const { product, files: previous, versions, content } = await presentRole(options.api, options.product);
    const keyIds = product.keys.map(({ keyId }) => keyId);
    // Opening a key may ask for a passphrase and takes long on purpose: once, however often others come first.
    if (opened?.of !== keyIds.join()) {
      const { threshold = 1 } = product;
      const what = `releases of ${product.product}`;
      const signers = await loadKeys(options.keysFolder, { what, keyIds, threshold });
      opened = { of: keyIds.join(), signers };
    }
    const { signers } = opened;
    const nowMs = options.clock.now();
    const signed = await signProductRole({ product, previous, content: change(content), signers, nowMs });
    const uploads = signed.map(({ role, file }) => ({
      role,
      baseVersion: versions.get(role) ?? 0,
      metadata: textOf(file.bytes),
    }));
    // Someone else said the very same meanwhile: the present role goes along, and the root server finds all there.
    const name = productRoleName(product.domain);
    const present = previous.get(name);
    const asItIs = {
      role: name,
      baseVersion: versions.get(name) ?? 0,
      metadata: textOf(present ?? new Uint8Array()),
    };
    return await send(uploads.length > 0 || present === undefined ? uploads : [asItIs]);
  });
}
