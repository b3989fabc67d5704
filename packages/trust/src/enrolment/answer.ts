import { X509Certificate } from 'node:crypto';
import {
  encodeJoinAnswer,
  encodeJoinAnswerBody,
  type JoinAnswerBody,
  parseJoinAnswer,
  parseJoinAnswerBody,
  toB64u,
  XylemError,
} from '@xylem/core';
import { addressOf, caIdOf, keyIn, spkiPin } from '../ca/names.ts';
import { type KeyPair, rawOfSpki } from '../keys/key-pair.ts';
import { exactB64u } from './b64u.ts';
import { equalMacs, type JoinToken, joinMac, joinMacKey } from './token.ts';
import { checkTrustMap } from './trust-map.ts';

/** The answer to a checked request. @param requestMac of that request, so that no other answer fits it */
export function buildJoinAnswer(
  macKey: Uint8Array,
  requestMac: Uint8Array,
  answer: JoinAnswerBody,
): Uint8Array {
  const bytes = encodeJoinAnswerBody(answer);
  const mac = joinMac(macKey, 'answer\0', requestMac, bytes);
  return encodeJoinAnswer({ format: 'xylem-join-answer-1', answer: toB64u(bytes), mac: toB64u(mac) });
}

/**
 * Checks the answer on the joining host: its MAC, that the CA is the pinned one, that the certificate is of this
 * key, host and environment, and that each trust root is what its id says.
 * @throws XylemError E_JOIN_MAC, E_DOCUMENT_INVALID, E_FORMAT_UNSUPPORTED, E_CERTIFICATE, E_TRUST, E_TOO_LARGE
 */
export function checkJoinAnswer(
  body: Uint8Array,
  expected: { readonly token: JoinToken; readonly requestMac: Uint8Array; readonly key: KeyPair },
): JoinAnswerBody {
  const outer = parseJoinAnswer(body);
  const bytes = exactB64u(outer.answer, 'answer');
  const mac = joinMac(joinMacKey(expected.token.secret), 'answer\0', expected.requestMac, bytes);
  if (!equalMacs(mac, exactB64u(outer.mac, 'mac'))) {
    const message = 'The answer was not made with the secret of the token, or not for this request.';
    throw new XylemError('E_JOIN_MAC', message);
  }
  const answer = parseJoinAnswerBody(bytes);
  if (checkTrustMap(answer.trustMap).environment !== answer.environment.id) {
    throw new XylemError('E_TRUST', 'The trust map of the answer is for another environment.');
  }
  checkCertificates(answer, expected.token.pin, expected.key);
  return answer;
}

/** @throws XylemError E_CERTIFICATE */
function checkCertificates(
  answer: Pick<JoinAnswerBody, 'host' | 'certificate' | 'ca' | 'environment'>,
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
  const [caKey, ownKey] = [keyIn(ca), keyIn(own)];
  const raw = ownKey === null ? null : rawOfSpki(ownKey.export({ format: 'der', type: 'spki' }));
  const isOurs =
    caKey !== null &&
    equalMacs(spkiPin(caKey), pin) &&
    own.checkIssued(ca) &&
    own.verify(caKey) &&
    raw !== null &&
    equalMacs(raw, key.public);
  const address = isOurs ? addressOf(own.subjectAltName, caIdOf(answer.ca)) : null;
  if (address?.host === answer.host && address.environment === answer.environment.id) return;
  const message =
    "The certificate in the answer is not of this host's key, host id, environment and pinned CA.";
  throw new XylemError('E_CERTIFICATE', message);
}
