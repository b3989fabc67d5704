import { createPrivateKey } from 'node:crypto';
import { open } from 'node:fs/promises';
import { parseKeyFile, XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { type KeyPair, keyPairOf } from './key-pair.ts';
import { openKey } from './sealed-key.ts';

const maxKeyFileBytes = 16 * 1024;

/**
 * Reads a key: `xylem-key-1`, or PKCS#8 PEM, each with a passphrase or not.
 * @throws XylemError E_KEY_INVALID (no such file, not a key, wrong or missing passphrase), E_UNSUPPORTED (no argon2)
 */
export async function loadKeyFile(path: string, passphrase?: string): Promise<KeyPair> {
  const text = await readBounded(path);
  if (!text.trimStart().startsWith('{')) return parsePem(text, path, passphrase);
  try {
    return await openKey(parseKeyFile(text), passphrase);
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    throw new XylemError(error.code, `Cannot read the key ${path}. ${error.message}`, { cause: error });
  }
}

/**
 * Writes the key as PKCS#8 PEM with mode 0600: a node's own key, which no person is there to unlock. With a passphrase
 * encrypted as OpenSSL does (PBES2, PBKDF2 with 2,048 rounds, AES-256-CBC); people's keys are sealed by `sealKey`.
 */
export async function saveKeyFile(path: string, key: KeyPair, passphrase?: string): Promise<void> {
  await writeFileAtomic(path, encodeKey(key, passphrase), { mode: 0o600 });
}

/** PKCS#8 PEM. An empty passphrase is refused: it would look like protection. */
export function encodeKey(key: KeyPair, passphrase?: string): string {
  if (passphrase === '') throw new XylemError('E_KEY_INVALID', 'The passphrase is empty. Give one, or none.');
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.privateKey.export({ format: 'pem', type: 'pkcs8', ...encryption }).toString();
}

function parsePem(pem: string, path: string, passphrase?: string): KeyPair {
  const isEncrypted = pem.includes('BEGIN ENCRYPTED PRIVATE KEY');
  if (isEncrypted && passphrase === undefined) {
    throw new XylemError(
      'E_KEY_INVALID',
      `The key ${path} is protected by a passphrase, and none was given.`,
    );
  }
  try {
    return keyPairOf(createPrivateKey(isEncrypted ? { key: pem, passphrase: passphrase ?? '' } : pem));
  } catch (cause) {
    if (cause instanceof XylemError) throw cause;
    const why = isEncrypted ? 'The passphrase is wrong, or the file is damaged.' : 'It is no PKCS#8 PEM key.';
    throw new XylemError('E_KEY_INVALID', `Cannot read the key ${path}. ${why}`, { cause });
  }
}

async function readBounded(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const buffer = Buffer.alloc(maxKeyFileBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > maxKeyFileBytes) throw new RangeError('the file is too large to be a key');
    return buffer.toString('utf8', 0, bytesRead);
  } catch (cause) {
    throw new XylemError('E_KEY_INVALID', `Cannot read the key file ${path}.`, { cause });
  }
}
