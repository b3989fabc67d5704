import { XylemError } from '@xylem/core';
import type { KeyPair, Signer } from '@xylem/trust';
import { heldOf, makeKey, newPassphrase, openSigner } from './key-ring.ts';

/**
 * Makes a key and saves it before anybody can rely on it, protected by a passphrase where one is given or asked for.
 * @param what what it is for: root, targets, or a product
 * @param options.ask ask for a passphrase where a person can be asked, also for a first key
 */
export async function createKey(
  folder: string,
  what: string,
  options: { readonly ask?: boolean } = {},
): Promise<KeyPair> {
  return await makeKey(folder, what, await newPassphrase(folder, what, options.ask === true));
}

/**
 * Opens as many of the keys as this person holds; enough to sign a role.
 * @throws XylemError E_KEY_INVALID naming the folder when this person does not hold enough of them
 */
export async function loadKeys(
  folder: string,
  role: { readonly what: string; readonly keyIds: readonly string[]; readonly threshold: number },
): Promise<Signer[]> {
  const found = await heldOf(folder, role.keyIds);
  if (found.length < role.threshold) {
    throw new XylemError(
      'E_KEY_INVALID',
      `${folder} holds ${found.length} of the ${role.threshold} keys that must sign ${role.what}. ` +
        'Sign where they are kept, or bring them here from their copy.',
    );
  }
  const signers: Signer[] = [];
  // One after the other: each may ask for a passphrase.
  for (const one of found) signers.push(await openSigner(one, role.what));
  return signers;
}
