import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { type HostId, XylemError } from '@xylem/core';

/** Who can check: a raw Ed25519 public key (32 bytes) and its TUF key id. */
export interface PublicKey {
  readonly public: Uint8Array;
  /** SHA-256 of the canonical JSON of the TUF key object, 64 hexadecimal digits. */
  readonly keyId: string;
}

/** Who can sign. Asynchronous where a command or a device holds the key. */
export interface Signer extends PublicKey {
  /** An Ed25519 signature (64 bytes) over `bytes`. */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A key in this process's memory. */
export interface KeyPair extends Signer {
  sign(bytes: Uint8Array): Uint8Array;
  /** For TLS and for saving; never logged. */
  readonly privateKey: KeyObject;
}

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A new random Ed25519 key. */
export function generateKey(): KeyPair {
  return keyPairOf(generateKeyPairSync('ed25519').privateKey);
}

/** The key of a 32-byte seed: for fixtures and tests, and for keys derived from a secret. */
export function keyFromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes');
  return keyPairOf(
    createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' }),
  );
}

/** @throws XylemError E_KEY_INVALID unless it is an Ed25519 private key */
export function keyPairOf(privateKey: KeyObject): KeyPair {
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new XylemError('E_KEY_INVALID', `The key is ${privateKey.asymmetricKeyType}, not Ed25519.`);
  }
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    ...publicKeyOf(spki.subarray(spkiPrefix.length)),
    privateKey,
    sign: (bytes) => sign(null, bytes, privateKey),
  };
}

/** @param raw 32 bytes */
export function publicKeyOf(raw: Uint8Array): PublicKey {
  return { public: Uint8Array.from(raw), keyId: keyIdOf(raw) };
}

/** The TUF key id (specification section 4.2) of a raw Ed25519 public key. */
export function keyIdOf(raw: Uint8Array): string {
  // Keys in order and no character that needs an escape: this is the canonical JSON.
  const canonical = `{"keytype":"ed25519","keyval":{"public":"${Buffer.from(raw).toString('hex')}"},"scheme":"ed25519"}`;
  return createHash('sha256').update(canonical).digest('hex');
}

/** SubjectPublicKeyInfo, DER, 44 bytes. */
export function spkiOf(raw: Uint8Array): Buffer {
  return Buffer.concat([spkiPrefix, raw]);
}

/** The raw key of an Ed25519 SubjectPublicKeyInfo, or null if it is of another kind. */
export function rawOfSpki(spki: Uint8Array): Uint8Array | null {
  const bytes = Buffer.from(spki);
  const isEd25519 = bytes.length === 44 && bytes.subarray(0, spkiPrefix.length).equals(spkiPrefix);
  return isEd25519 ? Uint8Array.from(bytes.subarray(spkiPrefix.length)) : null;
}

/** The id of the host whose first key this is: 32 hexadecimal digits. */
export function hostIdOf(raw: Uint8Array): HostId {
  return createHash('sha256').update(spkiOf(raw)).digest('hex').slice(0, 32) as HostId;
}

/** True if `signature` is by the raw public key over `bytes`; malformed input is false, never an error. */
export function verifySignature(raw: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (raw.length !== 32 || signature.length !== 64) return false;
  try {
    return verify(null, bytes, createPublicKey({ key: spkiOf(raw), format: 'der', type: 'spki' }), signature);
  } catch {
    return false;
  }
}
