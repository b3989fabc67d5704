import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { sha256, XylemError } from '@xylem/core';
import { type Envelope, preAuthEncoding } from '../envelope/envelope.ts';

/** A key by which statements are believed. */
export interface Issuer {
  /** SHA-256 of the key's SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER | sha256sum` shows it. */
  readonly keyId: string;
  readonly key: KeyObject;
}

/** @param pem Ed25519, ECDSA P-256 or P-384, as `openssl pkey -pubout` writes it. @throws XylemError E_KEY_INVALID */
export function issuerOf(pem: string): Issuer {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: pem, format: 'pem' });
  } catch (cause) {
    throw new XylemError(
      'E_KEY_INVALID',
      'It is no public key in PEM, as `openssl pkey -pubout` writes it.',
      {
        cause,
      },
    );
  }
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const isKnown =
    key.asymmetricKeyType === 'ed25519' ||
    (key.asymmetricKeyType === 'ec' && ['prime256v1', 'secp384r1'].includes(curve));
  // A private key in PEM would give its public half just as well, and lie open in a YAML.
  if (!isKnown || !pem.includes('BEGIN PUBLIC KEY')) {
    throw new XylemError('E_KEY_INVALID', 'It is no public key of Ed25519, ECDSA P-256 or ECDSA P-384.');
  }
  return { keyId: sha256(key.export({ type: 'spki', format: 'der' })), key };
}

/** Whether one of an envelope's signatures is by this key, whatever key id it carries. */
export function isSignedByIssuer({ key }: Issuer, { payloadType, payload, signatures }: Envelope): boolean {
  const signed = preAuthEncoding(payloadType, payload);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const algorithm = curve === undefined ? null : curve === 'secp384r1' ? 'sha384' : 'sha256';
  return signatures.some(({ sig }) => {
    try {
      return verify(algorithm, signed, key, sig);
    } catch {
      return false;
    }
  });
}
