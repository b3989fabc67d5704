import { encodeRekey, type HostId, parseRekey, type Rekey, toB64u } from '@xylem/core';
import { makeCsr } from '../ca/csr.ts';
import { type KeyPair, verifySignature } from '../keys/key-pair.ts';
import { exactB64u } from './b64u.ts';

/** A host's wish for another key, as its present one signed it. */
export interface RekeyRequest {
  readonly host: HostId;
  /** DER, by the next key; its own signature is checked when a certificate is issued. */
  readonly csr: Uint8Array;
  /** Whether this key (raw Ed25519) signed for the next one. */
  isBy(key: Uint8Array): boolean;
}

/** The body of `POST /renew` for another key. @param host the id as registered, which stays */
export function buildRekeyRequest(next: KeyPair, present: KeyPair, host: HostId): Uint8Array {
  const csr = makeCsr(next, host);
  const previous = toB64u(present.sign(statement(host, csr)));
  return encodeRekey({ format: 'xylem-rekey-1', host, csr: toB64u(csr), previous });
}

/** @throws XylemError E_DOCUMENT_INVALID, E_FORMAT_UNSUPPORTED, E_TOO_LARGE */
export function parseRekeyRequest(body: Uint8Array): RekeyRequest {
  const { host, csr: text, previous }: Rekey = parseRekey(body);
  const csr = exactB64u(text, 'csr');
  const signature = exactB64u(previous, 'previous');
  return { host, csr, isBy: (key) => verifySignature(key, statement(host, csr), signature) };
}

/** Whether a body of `POST /renew` asks for another key. */
export function isRekeyRequest(body: Uint8Array): boolean {
  try {
    const { format } = JSON.parse(Buffer.from(body).toString()) as { format?: unknown };
    return typeof format === 'string' && format.startsWith('xylem-rekey-');
  } catch {
    return false;
  }
}

function statement(host: HostId, csr: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('xylem-rekey-1\0'), Buffer.from(host), csr]);
}
