import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromB64u, parseKeyFile, parseSignerFile, XylemError } from '@xylem/core';
import { systemRandomness, writeFileAtomic } from '@xylem/platform';
import {
  externalSigner,
  generateKey,
  type KeyPair,
  loadKeyFile,
  type PublicKey,
  publicKeyOf,
  type Signer,
  sealKey,
  shortId,
} from '@xylem/trust';
import { askNewPassphrase, askPassphrase, canAsk, givenPassphrase } from './passphrase.ts';

/** How a key is kept: sealed by a passphrase, lying open, or held by a command. */
export type Custody = 'passphrase' | 'open' | 'command';

/** A key of this person's folder. */
export interface HeldKey {
  readonly path: string;
  /** The first 16 digits of its id: of a PEM file no more is known before it is opened. */
  readonly shortId: string;
  readonly what: string;
  readonly custody: Custody;
  /** Null where only opening the file would tell. */
  readonly key: PublicKey | null;
}

/** `<what>-<first 16 digits of the key id>.<end>`: metadata says which key is needed, not where it lies. */
const namePattern = /^(.+)-([0-9a-f]{16})\.(json|pem)$/;

export const keyFileName = (what: string, keyId: string): string =>
  `${what.replaceAll('/', '_')}-${shortId(keyId)}.json`;

/** The keys of a folder, unopened. A folder that is not there holds none. */
export async function readKeyRing(folder: string): Promise<HeldKey[]> {
  const files = await readdir(folder).catch(() => []);
  const held = await Promise.all(files.map((file) => readHeld(folder, file)));
  return held.filter((one) => one !== null);
}

async function readHeld(folder: string, file: string): Promise<HeldKey | null> {
  const [, label = '', id = '', end] = namePattern.exec(file) ?? [];
  if (id === '') return null;
  const path = join(folder, file);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new XylemError('E_KEY_INVALID', `Cannot read the key file ${path}.`, { cause });
  });
  if (end === 'pem') {
    const custody = text.includes('BEGIN ENCRYPTED PRIVATE KEY') ? 'passphrase' : 'open';
    return { path, shortId: id, what: label, custody, key: null };
  }
  const isSigner = text.includes('"xylem-signer-1"');
  const document = isSigner ? parseSignerFile(text) : parseKeyFile(text);
  const custody = isSigner ? 'command' : parseKeyFile(text).kdf === null ? 'open' : 'passphrase';
  const key = publicKeyOf(fromB64u(document.public));
  return { path, shortId: shortId(key.keyId), what: document.what, custody, key };
}

/** The keys that a folder holds of these, in their order. */
export async function heldOf(folder: string, keyIds: readonly string[]): Promise<HeldKey[]> {
  const ring = await readKeyRing(folder);
  return keyIds.flatMap((keyId) => ring.find((one) => one.shortId === shortId(keyId)) ?? []);
}

/** Passphrases that opened a key in this run: one is asked once for all the keys that it opens. */
const known: string[] = [];

/**
 * What signs by a key, asking for its passphrase where one is needed.
 * @param saying what is signed, in words
 * @throws XylemError E_KEY_INVALID, E_UNSUPPORTED
 */
export async function openSigner(held: HeldKey, saying: string): Promise<Signer> {
  if (held.custody === 'command') {
    return externalSigner(parseSignerFile(await readFile(held.path, 'utf8')), saying);
  }
  return await openHeld(held);
}

export async function openHeld(held: HeldKey): Promise<KeyPair> {
  if (held.custody === 'open') return await loadKeyFile(held.path);
  const given = await givenPassphrase();
  for (const passphrase of given === undefined ? known : [given]) {
    const key = await loadKeyFile(held.path, passphrase).catch(() => null);
    if (key !== null) return key;
  }
  if (given !== undefined || !canAsk()) return await loadKeyFile(held.path, given);
  const typed = await askPassphrase(`Passphrase of the key ${held.what} (${held.shortId})`);
  const key = await loadKeyFile(held.path, typed);
  known.push(typed);
  return key;
}

/** Makes a key and saves it before anybody can rely on it. */
export async function makeKey(
  folder: string,
  what: string,
  passphrase: string | undefined,
): Promise<KeyPair> {
  const key = generateKey();
  await saveKey(folder, what, key, passphrase);
  return key;
}

/** @returns where it lies */
export async function saveKey(
  folder: string,
  what: string,
  key: KeyPair,
  passphrase: string | undefined,
): Promise<string> {
  const path = join(folder, keyFileName(what, key.keyId));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const bytes = await sealKey(key, { what, passphrase, randomness: systemRandomness });
  await writeFileAtomic(path, bytes, { mode: 0o600 });
  return path;
}

/**
 * The passphrase for a new key: the environment's; else, where a person can be asked, one that is typed if they are to
 * be asked or protect other keys; else none.
 */
export async function newPassphrase(folder: string, what: string, ask: boolean): Promise<string | undefined> {
  const given = await givenPassphrase();
  if (given !== undefined || !canAsk()) return given;
  const protects = ask || (await readKeyRing(folder)).some(({ custody }) => custody === 'passphrase');
  if (!protects) return undefined;
  const typed = known.at(-1) ?? (await askNewPassphrase(`the key ${what}`));
  if (typed !== undefined && !known.includes(typed)) known.push(typed);
  return typed;
}
