import { XylemError } from '@xylem/core';

/**
 * The age library costs 20 MB of memory: it is loaded by the first who seals or opens something, and by no idle host.
 */
const library = () => import('age-encryption');

/** An age file for exactly this recipient, in base64. */
export async function encryptTo(recipient: string, plain: Uint8Array): Promise<string> {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(plain)).toString('base64');
}

/**
 * @returns null when the file is not for this identity, or is damaged: the two can't be told apart. No cause is kept,
 * for a fault's text must never hold a part of what was opened.
 */
export async function decryptWith(identity: string, age: string): Promise<Uint8Array | null> {
  const { Decrypter } = await library();
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return await decrypter.decrypt(Buffer.from(age, 'base64'), 'uint8array');
  } catch {
    return null;
  }
}

/** Says what is wrong without a part of what was opened. */
export function secretInvalid(what: string): XylemError {
  return new XylemError('E_SECRET_INVALID', what, { retry: 'later' });
}
