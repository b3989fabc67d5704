import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { generateKey, type KeyPair, loadKeyFile, saveKeyFile } from '@xylem/trust';

/** A key's file is found by the end of its name, its key id: metadata says which key is needed, not where it is. */
const fileName = (label: string, keyId: string): string => `${label}-${keyId.slice(0, 16)}.pem`;

/**
 * Makes a key and saves it before anybody can rely on it. XYLEM_PASSPHRASE protects it, if set.
 * @param label what it is for, at the beginning of the file's name: root, targets, or a product
 */
export async function createKey(
  folder: string,
  label: string,
  passphrase = process.env.XYLEM_PASSPHRASE,
): Promise<KeyPair> {
  const key = generateKey();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await saveKeyFile(join(folder, fileName(label, key.keyId)), key, passphrase || undefined);
  return key;
}

/**
 * Loads as many of the keys as are needed to sign a role.
 * @throws XylemError E_KEY_INVALID naming the folder when this person does not hold enough of them
 */
export async function loadKeys(
  folder: string,
  role: { readonly what: string; readonly keyIds: readonly string[]; readonly threshold: number },
  passphrase = process.env.XYLEM_PASSPHRASE,
): Promise<KeyPair[]> {
  const files = await readdir(folder).catch(() => []);
  const found = role.keyIds.flatMap(
    (keyId) => files.find((file) => file.endsWith(`-${keyId.slice(0, 16)}.pem`)) ?? [],
  );
  if (found.length < role.threshold) {
    throw new XylemError(
      'E_KEY_INVALID',
      `${folder} holds ${found.length} of the ${role.threshold} keys that must sign ${role.what}. ` +
        'Sign where they are kept, or bring them here from their copy.',
    );
  }
  return Promise.all(found.map((file) => loadKeyFile(join(folder, file), passphrase || undefined)));
}
