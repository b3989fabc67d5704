import { XylemError } from '@xylem/core';
import type { Randomness } from '@xylem/platform';
import { makeCsr } from '../ca/csr.ts';
import { hostIdOf, type KeyPair } from '../keys/key-pair.ts';
import { encodeSorted } from '../tuf/json.ts';
import { parseObject, stringOf } from './json.ts';
import { b64u, equalMacs, fromB64u, type JoinToken, joinMac, joinMacKey } from './token.ts';

/** A join request whose MAC was checked. */
export interface JoinRequest {
  readonly token: string;
  /** Goes into the MAC of the answer. */
  readonly mac: Uint8Array;
  /** DER; its own signature is checked when a certificate is issued. */
  readonly csr: Uint8Array;
  readonly name: string;
  readonly serve: boolean;
  readonly nonce: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

const maxRequestBytes = 64 * 1024;

/** The body of `POST /join`, and its MAC, with which the answer is checked. */
export function buildJoinRequest(options: {
  readonly token: JoinToken;
  readonly key: KeyPair;
  readonly name: string;
  readonly serve: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly randomness: Randomness;
}): { readonly body: Uint8Array; readonly mac: Uint8Array } {
  const { token, key, name, serve, facts, randomness } = options;
  const request = encodeSorted({
    csr: b64u(makeCsr(key, hostIdOf(key.public))),
    name,
    serve,
    nonce: b64u(randomness.bytes(16)),
    facts,
  });
  const mac = joinMac(joinMacKey(token.secret), 'request\0', request);
  const body = { format: 'xylem-join-1', token: token.id, request: b64u(request), mac: b64u(mac) };
  return { body: encodeSorted(body), mac };
}

/**
 * Checks the body of `POST /join` on the root server.
 * @param macKeyOf the MAC key kept for a token id; null: unknown, used up or expired
 * @throws XylemError E_JOIN_TOKEN, E_JOIN_MAC, E_DOCUMENT_INVALID, E_TOO_LARGE
 */
export async function checkJoinRequest(
  body: Uint8Array,
  macKeyOf: (tokenId: string) => Uint8Array | null | Promise<Uint8Array | null>,
): Promise<JoinRequest> {
  const code = 'E_DOCUMENT_INVALID';
  const outer = parseObject(body, 'join request', code, {
    format: 'xylem-join-1',
    maxBytes: maxRequestBytes,
  });
  const token = stringOf(outer, 'token', code, 64);
  const macKey = await macKeyOf(token);
  if (macKey === null) {
    throw new XylemError('E_JOIN_TOKEN', 'The join token is unknown, used up or expired. Create a new one.');
  }
  const request = fromB64u(outer.request);
  const mac = fromB64u(outer.mac);
  if (!equalMacs(mac, joinMac(macKey, 'request\0', request))) {
    throw new XylemError('E_JOIN_MAC', 'The join request was not made with the secret of its token.');
  }
  const inner = parseObject(request, 'join request', code, { maxBytes: maxRequestBytes });
  const csr = fromB64u(inner.csr);
  const { serve, facts } = inner;
  if (csr.length === 0 || typeof serve !== 'boolean' || typeof facts !== 'object' || facts === null) {
    throw new XylemError(code, 'The join request lacks csr, serve or facts.');
  }
  return {
    token,
    mac,
    csr,
    name: stringOf(inner, 'name', code, 255),
    serve,
    nonce: stringOf(inner, 'nonce', code, 64),
    facts: facts as Record<string, unknown>,
  };
}

/** The body of `POST /renew`. @param host the id as registered, which the request names as its subject */
export function buildRenewRequest(key: KeyPair, host: string): Uint8Array {
  return encodeSorted({ format: 'xylem-renew-1', csr: b64u(makeCsr(key, host)) });
}

/**
 * The certificate request (DER) of a renewal; check it with `checkCsr` and against the key registered for its
 * common name.
 * @throws XylemError E_DOCUMENT_INVALID, E_TOO_LARGE
 */
export function parseRenewRequest(body: Uint8Array): Uint8Array {
  const outer = parseObject(body, 'renewal request', 'E_DOCUMENT_INVALID', {
    format: 'xylem-renew-1',
    maxBytes: maxRequestBytes,
  });
  const csr = fromB64u(outer.csr);
  if (csr.length === 0) throw new XylemError('E_DOCUMENT_INVALID', 'The renewal request lacks csr.');
  return csr;
}
