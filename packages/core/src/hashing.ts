import { createHash, createHmac, hash } from 'node:crypto';
import type { Digest } from './ids.ts';

/** SHA-256 of bytes, or of a text's UTF-8. */
export function sha256(data: Uint8Array | string): Digest {
  return createHash('sha256').update(data).digest('hex') as Digest;
}

/** SHA-256 of bytes, as bytes. */
export function sha256Bytes(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer');
}

/** HMAC-SHA256 as lower-case hexadecimal digits. */
export function hmacSha256(key: Uint8Array, message: string): string {
  return createHmac('sha256', key).update(message, 'utf8').digest('hex');
}

/** base64url without padding (RFC 4648 section 5). */
export function toB64u(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** The bytes of b64u text that a schema has checked. */
export function fromB64u(text: string): Uint8Array {
  return Buffer.from(text, 'base64url');
}
