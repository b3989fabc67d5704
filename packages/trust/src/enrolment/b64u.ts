import { toB64u, XylemError } from '@xylem/core';

/**
 * The bytes of a b64u field, refused unless written as we write it: one value has one text.
 * @throws XylemError E_DOCUMENT_INVALID
 */
export function exactB64u(text: string, field: string): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64url'));
  if (toB64u(bytes) === text) return bytes;
  throw new XylemError('E_DOCUMENT_INVALID', `${field} is no exact base64url.`);
}
