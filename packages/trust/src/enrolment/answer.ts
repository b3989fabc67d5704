import { X509Certificate } from 'node:crypto';
import { type EnvironmentId, type HostId, isEnvironmentId, isHostId, XylemError } from '@xylem/core';
import { addressOf, caIdOf, spkiPin } from '../ca/names.ts';
import { type KeyPair, rawOfSpki } from '../keys/key-pair.ts';
import { encodeSorted } from '../tuf/json.ts';
import { parseObject, stringOf } from './json.ts';
import { b64u, equalMacs, fromB64u, type JoinToken, joinMac, joinMacKey } from './token.ts';
import { parseTrustMap, type TrustMap } from './trust-map.ts';

export interface JoinAnswer {
  readonly host: HostId;
  readonly certificate: string;
  readonly ca: string;
  readonly environment: { readonly id: EnvironmentId; readonly name: string };
  readonly trustMap: TrustMap;
  readonly parents: readonly string[];
  readonly issued: string;
}

const maxAnswerBytes = 4 * 1024 * 1024;

/** The answer to a checked request. @param requestMac of that request, so that no other answer fits it */
export function buildJoinAnswer(macKey: Uint8Array, requestMac: Uint8Array, answer: JoinAnswer): Uint8Array {
  const bytes = encodeSorted(answer);
  const mac = joinMac(macKey, 'answer\0', requestMac, bytes);
  return encodeSorted({ format: 'xylem-join-answer-1', answer: b64u(bytes), mac: b64u(mac) });
}

/**
 * Checks the answer on the joining host: its MAC, that the CA is the pinned one, that the certificate is of this
 * key, host and environment, and that each trust root is what its id says.
 * @throws XylemError E_JOIN_MAC, E_DOCUMENT_INVALID, E_CERTIFICATE, E_TRUST, E_TOO_LARGE
 */
export function checkJoinAnswer(
  body: Uint8Array,
  expected: { readonly token: JoinToken; readonly requestMac: Uint8Array; readonly key: KeyPair },
): JoinAnswer {
  const code = 'E_DOCUMENT_INVALID';
  const outer = parseObject(body, 'join answer', code, {
    format: 'xylem-join-answer-1',
    maxBytes: maxAnswerBytes,
  });
  const bytes = fromB64u(outer.answer);
  const mac = joinMac(joinMacKey(expected.token.secret), 'answer\0', expected.requestMac, bytes);
  if (!equalMacs(mac, fromB64u(outer.mac))) {
    throw new XylemError(
      'E_JOIN_MAC',
      'The answer was not made with the secret of the token, or not for this request.',
    );
  }
  const inner = parseObject(bytes, 'join answer', code, { maxBytes: maxAnswerBytes });
  const host = stringOf(inner, 'host', code, 64);
  const environment = (inner.environment ?? {}) as Record<string, unknown>;
  const environmentId = stringOf(environment, 'id', code, 64);
  const parents = inner.parents;
  if (!isHostId(host) || !isEnvironmentId(environmentId))
    throw new XylemError(code, 'The answer lacks proper ids.');
  if (!Array.isArray(parents) || !parents.every((url) => typeof url === 'string' && url.length <= 2048)) {
    throw new XylemError(code, 'The answer lacks a list of parents.');
  }
  const answer: JoinAnswer = {
    host,
    certificate: stringOf(inner, 'certificate', code, 64 * 1024),
    ca: stringOf(inner, 'ca', code, 64 * 1024),
    environment: { id: environmentId, name: stringOf(environment, 'name', code, 255) },
    trustMap: parseTrustMap(inner.trustMap),
    parents: parents as string[],
    issued: stringOf(inner, 'issued', code, 32),
  };
  if (answer.trustMap.environment !== environmentId) {
    throw new XylemError('E_TRUST', 'The trust map of the answer is for another environment.');
  }
  checkCertificates(answer, expected.token.pin, expected.key);
  return answer;
}

/** @throws XylemError E_CERTIFICATE */
export function checkCertificates(
  answer: Pick<JoinAnswer, 'host' | 'certificate' | 'ca' | 'environment'>,
  pin: Uint8Array,
  key: KeyPair,
): void {
  let ca: X509Certificate;
  let own: X509Certificate;
  try {
    ca = new X509Certificate(answer.ca);
    own = new X509Certificate(answer.certificate);
  } catch (cause) {
    throw new XylemError('E_CERTIFICATE', 'A certificate in the answer cannot be read.', { cause });
  }
  const address = addressOf(own.subjectAltName, caIdOf(answer.ca));
  const ownKey = rawOfSpki(own.publicKey.export({ format: 'der', type: 'spki' }));
  const fits =
    equalMacs(spkiPin(ca.publicKey), pin) &&
    own.checkIssued(ca) &&
    own.verify(ca.publicKey) &&
    ownKey !== null &&
    equalMacs(ownKey, key.public) &&
    address.host === answer.host &&
    address.environment === answer.environment.id;
  if (!fits) {
    const message =
      "The certificate in the answer is not of this host's key, host id, environment and pinned CA.";
    throw new XylemError('E_CERTIFICATE', message);
  }
}
