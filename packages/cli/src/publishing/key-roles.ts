import { fromB64u, parsePublicKeyFile, type RepositoryId, XylemError } from '@xylem/core';
import {
  type KeyChange,
  type PublicKey,
  publicKeyOf,
  type RoleKeys,
  type TrustedRepository,
  trustRepository,
} from '@xylem/trust';
import type { Api } from '../api/client.ts';
import { readGiven, shortBytes } from '../frame/given.ts';
import { isName } from '../frame/words.ts';
import { environmentParams } from '../selection/environments.ts';
import { readVendor } from './vendor.ts';

const topRoles = ['root', 'targets', 'snapshot', 'timestamp'] as const;
type TopRole = (typeof topRoles)[number];

/** A role as people name it: `root`, `targets`, `snapshot`, `timestamp`, or `product:shop`. */
export interface NamedRole {
  readonly word: string;
  readonly top: TopRole | null;
  readonly product: string | null;
}

/** @throws XylemError E_INPUT */
export function roleNamed(word: string): NamedRole {
  // An environment's director is TUF's targets role.
  const name = word === 'director' ? 'targets' : word;
  const top = topRoles.find((one) => one === name) ?? null;
  const product = word.startsWith('product:') ? word.slice('product:'.length) : null;
  if (top !== null || (product !== null && isName(product))) return { word, top, product };
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no role. Write root, targets, snapshot, timestamp or product:NAME; with --env root, director, snapshot or timestamp.`,
  );
}

/** @throws XylemError E_NOT_FOUND for a product that the vendor does not delegate */
export function keysOfRole(trusted: TrustedRepository, role: NamedRole): RoleKeys & { threshold: number } {
  const found =
    role.top === null
      ? trusted.products.find(({ product }) => product === role.product)
      : trusted.root.roles[role.top];
  if (found === undefined) throw new XylemError('E_NOT_FOUND', `There is no product ${role.product}.`);
  return { keys: found.keys, threshold: found.threshold ?? 1 };
}

/** The change that gives one role these keys. */
export function changeOf(role: NamedRole, keys: RoleKeys): KeyChange {
  return role.top === null
    ? { products: new Map([[role.product ?? '', keys]]) }
    : { root: { [role.top]: keys } };
}

export interface KeyEdit {
  readonly add: readonly PublicKey[];
  /** Key ids, or their beginnings. */
  readonly remove: readonly string[];
  readonly threshold: number | undefined;
}

/** @throws XylemError E_INPUT, E_CONFLICT */
export function editKeys(
  role: NamedRole,
  present: RoleKeys & { threshold: number },
  edit: KeyEdit,
): RoleKeys {
  const removed = edit.remove.map((keyId) => keyNamed(present.keys, keyId, role.word));
  const kept = present.keys.filter(({ keyId }) => !removed.some((one) => one.keyId === keyId));
  const twice = edit.add.find(({ keyId }) => kept.some((one) => one.keyId === keyId));
  if (twice !== undefined) {
    throw new XylemError('E_CONFLICT', `The key ${twice.keyId.slice(0, 16)} signs ${role.word} already.`);
  }
  return { keys: [...kept, ...edit.add], threshold: edit.threshold ?? present.threshold };
}

/** @throws XylemError E_INPUT, E_NOT_FOUND */
export function keyNamed(keys: readonly PublicKey[], word: string, where: string): PublicKey {
  if (!/^[0-9a-f]{8,64}$/.test(word)) {
    throw new XylemError(
      'E_INPUT',
      `"${word}" is no key id. Write at least its first 8 digits, as \`xylem keys list\` shows it.`,
    );
  }
  const found = keys.filter(({ keyId }) => keyId.startsWith(word));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  throw new XylemError('E_NOT_FOUND', `No key ${word} signs ${where}.`);
}

/** Public keys of other machines, as `xylem keys export` writes them. @throws XylemError E_KEY_INVALID, E_INPUT */
export async function readPublicKeys(files: readonly string[]): Promise<PublicKey[]> {
  return await Promise.all(files.map(async (file) => publicKeyIn(await readGiven(file, shortBytes), file)));
}

/** @throws XylemError E_KEY_INVALID, also where the file names another key than the one in it */
export function publicKeyIn(bytes: Uint8Array, file: string): PublicKey {
  const { public: raw, keyid } = parsePublicKeyFile(bytes);
  const key = publicKeyOf(fromB64u(raw));
  if (key.keyId === keyid) return key;
  throw new XylemError('E_KEY_INVALID', `${file} names another key than the one in it.`);
}

/** The repository that a role belongs to: an environment's, or the vendor's with the roles of a product. */
export async function repositoryOf(
  api: Api,
  environment: string | undefined,
  products: readonly string[],
): Promise<TrustedRepository> {
  if (environment === undefined) return (await readVendor(api, products)).trusted;
  const { environment: ref, roots } = await api.call('environmentKeys', {
    params: await environmentParams(api, environment),
  });
  return trustRepository(ref.id as RepositoryId, {
    roots: roots.map((text) => Buffer.from(text)),
    targets: null,
    roles: new Map(),
  });
}
