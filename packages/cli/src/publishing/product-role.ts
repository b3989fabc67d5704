import { type DomainId, XylemError } from '@xylem/core';
import type { SignedRoleUpload } from '@xylem/root/contract';
import {
  channelTarget,
  type Delegate,
  delegateRoleName,
  type ProductDelegation,
  type ProductRoleContent,
  readDelegated,
  readDelegatesUnverified,
  readProductRole,
  type SignedRole,
  type Signer,
  signDelegateRole,
  signProductRole,
} from '@xylem/trust';
import type { Api } from '../api/client.ts';
import { type Patience, whileOvertaken } from './contention.ts';
import { heldOf, openSigner } from './key-ring.ts';
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
 * Whoever may publish this product alone is not shown the vendor's list of products, and can't prove the product's
 * keys. A delegate need not: it signs what it said itself before, and one thing more.
 */
async function presentFor(options: { api: Api; product: string; keysFolder: string }): Promise<PresentRole> {
  try {
    return await presentRole(options.api, options.product);
  } catch (error) {
    if (!(error instanceof XylemError) || !isHidden(error)) throw error;
    const { domain, roles } = await options.api.call('productRoles', {
      params: { product: options.product },
    });
    const product = { product: options.product, domain: domain as DomainId, keys: [] };
    const files = new Map(roles.map(({ role, metadata }) => [role, bytesOf(metadata)]));
    const delegates = readDelegatesUnverified(product, files);
    const keyIds = delegates.map(({ key }) => key.keyId);
    if ((await heldOf(options.keysFolder, keyIds)).length === 0) {
      throw new XylemError(
        'E_KEY_INVALID',
        `${options.keysFolder} holds no key to which ${product.product} delegates, and this token may not read the vendor's products. Have \`xylem release delegate ${product.product}\` name a key of yours.`,
        { cause: error },
      );
    }
    const versions = new Map(roles.map(({ role, version }) => [role, version]));
    return { product, versions, files, content: { releases: new Map(), channels: new Map(), delegates } };
  }
}

const isHidden = ({ code }: XylemError): boolean => code === 'E_NOT_FOUND' || code === 'E_FORBIDDEN';

/** Who signs: the product's keys, or, where this person holds too few of them, a delegate's. */
type Hand =
  | { readonly of: string; readonly signers: readonly Signer[]; readonly delegate: null }
  | { readonly of: string; readonly signer: Signer; readonly delegate: Delegate };

/** What was signed, for a request: of nothing there is none, as the root server takes no empty list. */
export type SignedRoles = [SignedRoleUpload, ...SignedRoleUpload[]];

/**
 * Signs what the role shall say next and hands it to `send`. When someone else signed meanwhile, it is done again
 * from what is there now; when someone said the very same, nothing is left to sign, and `unchanged` answers. Who holds a delegate's key alone changes what the delegate vouches for, and nothing else.
 * @throws XylemError E_KEY_INVALID (no key for it here, or a delegate's for what no delegate may say),
 *   E_METADATA_EXPIRED (the delegation has ended), E_CONFLICT
 */
export async function changeRole<T, U>(
  options: Patience & { readonly api: Api; readonly product: string; readonly keysFolder: string },
  change: (present: ProductRoleContent) => ProductRoleContent,
  send: (roles: SignedRoles) => Promise<T>,
  unchanged: () => Promise<U>,
): Promise<T | U> {
  let hand: Hand | null = null;
  return await whileOvertaken(options, async () => {
    const present = await presentFor(options);
    const { product, files: previous, versions, content } = present;
    // Opening a key may ask for a passphrase and takes long on purpose: once, however often others come first.
    if (hand === null || hand.of !== handsOf(present)) hand = await handFor(options.keysFolder, present);
    const nowMs = options.clock.now();
    const signed =
      hand.delegate === null
        ? await signProductRole({ product, previous, content: change(content), signers: hand.signers, nowMs })
        : await signAsDelegate(present, hand.delegate, hand.signer, change, nowMs);
    const [first, ...others] = signed.map(({ role, file }) => ({
      role,
      baseVersion: versions.get(role) ?? 0,
      metadata: textOf(file.bytes),
    }));
    return first === undefined ? await unchanged() : await send([first, ...others]);
  });
}

const handsOf = ({ product, content }: PresentRole): string =>
  JSON.stringify([product.keys.map(({ keyId }) => keyId), content.delegates ?? []]);

async function handFor(keysFolder: string, present: PresentRole): Promise<Hand> {
  const { product, content } = present;
  const { threshold = 1 } = product;
  const keyIds = product.keys.map(({ keyId }) => keyId);
  const what = `releases of ${product.product}`;
  const of = handsOf(present);
  if ((await heldOf(keysFolder, keyIds)).length < threshold) {
    for (const delegate of content.delegates ?? []) {
      const [held] = await heldOf(keysFolder, [delegate.key.keyId]);
      if (held !== undefined) return { of, delegate, signer: await openSigner(held, what) };
    }
  }
  return { of, delegate: null, signers: await loadKeys(keysFolder, { what, keyIds, threshold }) };
}

async function signAsDelegate(
  { product, files, content }: PresentRole,
  delegate: Delegate,
  signer: Signer,
  change: (present: ProductRoleContent) => ProductRoleContent,
  nowMs: number,
): Promise<SignedRole[]> {
  const name = delegateRoleName(product.domain, delegate.key.keyId);
  const said = readDelegated(product, delegate, files);
  const rules = (one: ProductRoleContent): string =>
    JSON.stringify([
      one.floor ?? null,
      (one.withdrawn ?? []).toSorted(),
      one.delegates ?? [],
      one.transitions ?? null,
    ]);
  const next = change({ ...content, ...said });
  if (rules(next) !== rules(content)) {
    throw new XylemError(
      'E_KEY_INVALID',
      `Only the keys of ${product.product} itself may say this, and here lies that of its delegate ${delegate.name} alone.`,
    );
  }
  const forbidden = [...next.channels.keys()].find(
    (path) => !delegate.channels.some((channel) => path === channelTarget(product.product, channel)),
  );
  if (forbidden !== undefined) {
    throw new XylemError(
      'E_KEY_INVALID',
      `The delegate ${delegate.name} of ${product.product} may not set ${forbidden}; it may set ${delegate.channels.join(', ') || 'no channel'}.`,
    );
  }
  const sorted = (map: ReadonlyMap<string, object>): string =>
    JSON.stringify([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const isSame = (a: ReadonlyMap<string, object>, b: ReadonlyMap<string, object>): boolean =>
    sorted(a) === sorted(b);
  if (isSame(next.releases, said.releases) && isSame(next.channels, said.channels)) return [];
  const previous = files.get(name);
  return [await signDelegateRole({ product, delegate, previous, content: next, signer, nowMs })];
}
