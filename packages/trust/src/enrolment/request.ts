import {
  type EnvironmentId,
  encodeJoin,
  encodeJoinRequest,
  encodeRenew,
  parseJoin,
  parseJoinRequest,
  parseRenew,
  toB64u,
  XylemError,
} from '@xylem/core';
import type { Randomness } from '@xylem/platform';
import { makeCsr } from '../ca/csr.ts';
import { hostIdOf, type KeyPair } from '../keys/key-pair.ts';
import { exactB64u } from './b64u.ts';
import { equalMacs, type JoinToken, joinMac, joinMacKey } from './token.ts';

/** A join request whose MAC was checked. */
export interface JoinRequest {
  readonly token: string;
  /** Goes into the MAC of the answer. */
  readonly mac: Uint8Array;
  /** DER; its own signature is checked when a certificate is issued. */
  readonly csr: Uint8Array;
  readonly name: string;
  readonly serve: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
}

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
  const request = encodeJoinRequest({
    csr: toB64u(makeCsr(key, hostIdOf(key.public))),
    name,
    serve,
    nonce: toB64u(randomness.bytes(16)),
    facts,
  });
  const mac = joinMac(joinMacKey(token.secret), 'request\0', request);
  const body = encodeJoin({
    format: 'xylem-join-1',
    token: token.id,
    request: toB64u(request),
    mac: toB64u(mac),
  });
  return { body, mac };
}

/**
 * Checks the body of `POST /join` on the root server.
 * @param macKeyOf the MAC key kept for a token id; null: unknown, used up or expired
 * @throws XylemError E_JOIN_TOKEN, E_JOIN_MAC, E_DOCUMENT_INVALID, E_FORMAT_UNSUPPORTED, E_TOO_LARGE
 */
export async function checkJoinRequest(
  body: Uint8Array,
  macKeyOf: (tokenId: string) => Uint8Array | null | Promise<Uint8Array | null>,
): Promise<JoinRequest> {
  const outer = parseJoin(body);
  const macKey = await macKeyOf(outer.token);
  if (macKey === null) {
    throw new XylemError('E_JOIN_TOKEN', 'The join token is unknown, used up or expired. Create a new one.');
  }
  const bytes = exactB64u(outer.request, 'request');
  const mac = exactB64u(outer.mac, 'mac');
  if (!equalMacs(mac, joinMac(macKey, 'request\0', bytes))) {
    throw new XylemError('E_JOIN_MAC', 'The join request was not made with the secret of its token.');
  }
  const { csr, name, serve, facts } = parseJoinRequest(bytes);
  return { token: outer.token, mac, csr: exactB64u(csr, 'csr'), name, serve, facts };
}

/** The body of `POST /renew`. @param host the id as registered, which the request names as its subject */
export function buildRenewRequest(key: KeyPair, host: string): Uint8Array {
  return encodeRenew({ format: 'xylem-renew-1', csr: toB64u(makeCsr(key, host)) });
}

/** The body of `POST /renew` of a host that direction sends to another environment. */
export function buildMoveRequest(key: KeyPair, host: string, environment: EnvironmentId): Uint8Array {
  return encodeRenew({ format: 'xylem-renew-1', csr: toB64u(makeCsr(key, host)), environment });
}

/**
 * The certificate request (DER) of a renewal; check it with `checkCsr` and against the key registered for its
 * common name.
 * @throws XylemError E_DOCUMENT_INVALID, E_FORMAT_UNSUPPORTED, E_TOO_LARGE
 */
export function parseRenewRequest(body: Uint8Array): Uint8Array {
  return exactB64u(parseRenew(body).csr, 'csr');
}

/** The environment that a renewal is asked for, if it says one. @throws as `parseRenewRequest` */
export function environmentOfRenewal(body: Uint8Array): EnvironmentId | null {
  return parseRenew(body).environment ?? null;
}
