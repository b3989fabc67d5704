import * as crypto from 'node:crypto';
import { promisify } from 'node:util';
import {
  encodeKeyFile,
  encodePublicKeyFile,
  fromB64u,
  jcsBytes,
  type KeyFile,
  toB64u,
  XylemError,
} from '@xylem/core';
import type { Randomness } from '@xylem/platform';
import { type KeyPair, keyFromSeed, type PublicKey } from './key-pair.ts';

/** Strength of a passphrase's stretching: RFC 9106's second choice, a fifth of a second on a small machine. */
const kdf = { name: 'argon2id', memoryKiB: 65_536, passes: 3, lanes: 1 } as const;

/**
 * A key as `xylem-key-1` (docs/spec/custody.md), sealed if there is a passphrase. An empty one is refused: it would
 * look like protection.
 * @param what what the key is for, in words
 * @throws XylemError E_KEY_INVALID, E_UNSUPPORTED (this Node has no argon2)
 */
export async function sealKey(
  key: KeyPair,
  options: {
    readonly what: string;
    readonly passphrase: string | undefined;
    readonly randomness: Pick<Randomness, 'bytes'>;
  },
): Promise<Uint8Array> {
  const { what, passphrase, randomness } = options;
  const named = { format: 'xylem-key-1', ...describe(key, what) } as const;
  const seed = seedOf(key);
  if (passphrase === undefined) {
    return encodeKeyFile({ ...named, kdf: null, cipher: null, nonce: null, sealed: toB64u(seed) } as KeyFile);
  }
  if (passphrase === '') throw new XylemError('E_KEY_INVALID', 'The passphrase is empty. Give one, or none.');
  const head = {
    ...named,
    kdf: { ...kdf, salt: toB64u(randomness.bytes(16)) },
    cipher: 'aes-256-gcm',
    nonce: toB64u(randomness.bytes(12)),
  } as const;
  const secret = await stretch(passphrase, head.kdf);
  const cipher = crypto.createCipheriv('aes-256-gcm', secret, fromB64u(head.nonce));
  cipher.setAAD(jcsBytes(head));
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  return encodeKeyFile({ ...head, sealed: toB64u(sealed) } as KeyFile);
}

/** The public half as `xylem-public-key-1`. */
export function publicKeyFile(key: PublicKey, what: string): Uint8Array {
  return encodePublicKeyFile({ format: 'xylem-public-key-1', ...describe(key, what) } as Parameters<
    typeof encodePublicKeyFile
  >[0]);
}

/**
 * Opens a parsed key file.
 * @throws XylemError E_KEY_INVALID (missing or wrong passphrase, not the key that the file names), E_UNSUPPORTED
 */
export async function openKey(file: KeyFile, passphrase: string | undefined): Promise<KeyPair> {
  const key = keyFromSeed(await seedIn(file, passphrase));
  if (key.keyId === file.keyid && toB64u(key.public) === file.public) return key;
  throw new XylemError('E_KEY_INVALID', `The key file names the key ${file.keyid} and holds another one.`);
}

async function seedIn(file: KeyFile, passphrase: string | undefined): Promise<Uint8Array> {
  const { sealed: text, ...head } = file;
  const sealed = fromB64u(text);
  if (head.kdf === null || head.nonce === null) {
    if (sealed.length === 32) return sealed;
    throw new XylemError('E_KEY_INVALID', 'The key file holds no seed of 32 bytes.');
  }
  if (passphrase === undefined) {
    throw new XylemError('E_KEY_INVALID', 'The key is protected by a passphrase, and none was given.');
  }
  const [nonce, salt] = [fromB64u(head.nonce), fromB64u(head.kdf.salt)];
  if (sealed.length !== 48 || nonce.length !== 12 || salt.length < 8) {
    throw new XylemError('E_KEY_INVALID', 'The key file is damaged.');
  }
  const decipher = crypto.createDecipheriv('aes-256-gcm', await stretch(passphrase, head.kdf), nonce);
  decipher.setAAD(jcsBytes(head));
  decipher.setAuthTag(sealed.subarray(32));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, 32)), decipher.final()]);
  } catch (cause) {
    throw new XylemError('E_KEY_INVALID', 'The passphrase is wrong, or the file is damaged.', { cause });
  }
}

/** The same characters give the same key, however a keyboard composes them. */
async function stretch(passphrase: string, rules: NonNullable<KeyFile['kdf']>): Promise<Uint8Array> {
  const { argon2 } = crypto as Partial<typeof crypto>;
  if (argon2 === undefined) {
    throw new XylemError(
      'E_UNSUPPORTED',
      `Node ${process.versions.node} has no argon2id, by which this key is protected. Use Node 24.7 or newer.`,
    );
  }
  try {
    return await promisify(argon2)('argon2id', {
      message: Buffer.from(passphrase.normalize('NFC')),
      nonce: fromB64u(rules.salt),
      parallelism: rules.lanes,
      tagLength: 32,
      memory: rules.memoryKiB,
      passes: rules.passes,
    });
  } catch (cause) {
    // Parameters that argon2 refuses together, as less memory than lanes need, or more than this machine has.
    throw new XylemError('E_KEY_INVALID', "The key file's argon2id parameters can't be computed here.", {
      cause,
    });
  }
}

function describe(key: PublicKey, what: string): { keyid: string; public: string; what: string } {
  return { keyid: key.keyId, public: toB64u(key.public), what };
}

/** The last 32 bytes of an Ed25519 key in PKCS#8. */
function seedOf(key: KeyPair): Uint8Array {
  return key.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
}
