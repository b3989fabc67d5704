import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { fromB64u, toB64u, XylemError } from '@xylem/core';
import type { Randomness } from '@xylem/platform';

/** A join token: `xyl1.<id>.<secret>.<pin>`. */
export interface JoinToken {
  /** 16 hexadecimal digits; no secret. */
  readonly id: string;
  /** 32 bytes. Never sent, logged or kept by the root server. */
  readonly secret: Uint8Array;
  /** SHA-256 of the CA's SubjectPublicKeyInfo, 32 bytes. */
  readonly pin: Uint8Array;
  readonly text: string;
}

/** @param pin `CertificateAuthority.pin` */
export function makeToken(randomness: Randomness, pin: Uint8Array): JoinToken {
  const id = randomness.bytes(8).toString('hex');
  const secret = Uint8Array.from(randomness.bytes(32));
  return { id, secret, pin: Uint8Array.from(pin), text: `xyl1.${id}.${toB64u(secret)}.${toB64u(pin)}` };
}

/** @throws XylemError E_JOIN_TOKEN */
export function parseToken(text: string): JoinToken {
  const trimmed = text.trim();
  const match = /^xyl1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/.exec(trimmed);
  const [, id = '', secretText = '', pinText = ''] = match ?? [];
  const secret = Uint8Array.from(fromB64u(secretText));
  const pin = Uint8Array.from(fromB64u(pinText));
  // Decoded and written again it must be the same: else two texts would be one token.
  if (toB64u(secret) !== secretText || toB64u(pin) !== pinText || match === null) {
    const message = 'The join token is not of the form xyl1.<id>.<secret>.<pin>. Copy the whole of it.';
    throw new XylemError('E_JOIN_TOKEN', message);
  }
  return { id, secret, pin, text: trimmed };
}

/** The key of the MACs, which is all that the root server keeps of a token's secret. 32 bytes. */
export function joinMacKey(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), 'xylem-join-1', 32));
}

/** HMAC-SHA256 over the parts one after another. */
export function joinMac(macKey: Uint8Array, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const mac = createHmac('sha256', macKey);
  for (const part of parts) mac.update(part);
  return Uint8Array.from(mac.digest());
}

export function equalMacs(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
