import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { bech32 } from '@scure/base';
import type { KeyPair } from '../keys/key-pair.ts';
import { secretInvalid } from './age.ts';

/** An X25519 key as age writes it. */
export interface AgeIdentity {
  /** `AGE-SECRET-KEY-1…`; never logged. */
  readonly identity: string;
  /** `age1…` */
  readonly recipient: string;
}

const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const secretPrefix = 'age-secret-key-';
const lastBytes = 32;

/** A new random one, without loading the age library. */
export function generateAgeIdentity(): AgeIdentity {
  return ofKey(generateKeyPairSync('x25519').privateKey);
}

/** @throws XylemError E_SECRET_INVALID for what is no age X25519 identity */
export function readAgeIdentity(text: string): AgeIdentity {
  const line = text.trim();
  try {
    const { prefix, words } = bech32.decode(line as `${string}1${string}`, false);
    const scalar = bech32.fromWords(words);
    if (line === line.toUpperCase() && prefix.toLowerCase() === secretPrefix && scalar.length === lastBytes) {
      return ofScalar(scalar);
    }
  } catch {
    // Said below, without what was read.
  }
  throw secretInvalid('This is no age identity.');
}

/** The data identity that a key file's seed gives (docs/spec/secrets.md, Who holds what). Pure. */
export function dataIdentityOf(key: KeyPair): AgeIdentity {
  const seed = key.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-lastBytes);
  return ofScalar(new Uint8Array(hkdfSync('sha256', seed, '', 'xylem-data-identity-1', lastBytes)));
}

function ofScalar(scalar: Uint8Array): AgeIdentity {
  return ofKey(createPrivateKey({ key: Buffer.concat([pkcs8Prefix, scalar]), format: 'der', type: 'pkcs8' }));
}

function ofKey(key: KeyObject): AgeIdentity {
  const scalar = key.export({ format: 'der', type: 'pkcs8' }).subarray(-lastBytes);
  const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-lastBytes);
  const encode = (prefix: string, bytes: Uint8Array): string =>
    bech32.encode(prefix, bech32.toWords(Uint8Array.from(bytes)), false);
  return { identity: encode(secretPrefix, scalar).toUpperCase(), recipient: encode('age', point) };
}
