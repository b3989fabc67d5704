import {
  b64u,
  certificate,
  type Example,
  environment,
  example,
  host,
  id,
  joinBody,
} from './example-parts.test-data.ts';
import * as wire from './index.ts';

/** How hosts join and renew. */
export const identityExamples: Readonly<Record<string, Example>> = {
  recipient: example(
    {
      format: 'xylem-recipient-1',
      host,
      environment,
      recipient: 'age1zq2wfkpzczsa2v3ly7ljsmchje24z48eza96r6qvxv8al8thwgfqaa75er',
    },
    wire.parseRecipient,
    wire.encodeRecipient,
  ),
  join: example(
    { format: 'xylem-join-1', token: '0123456789abcdef', request: b64u('{}'), mac: b64u('x'.repeat(32)) },
    wire.parseJoin,
    wire.encodeJoin,
  ),
  'join-request': example(
    {
      csr: b64u('DER'),
      name: 'web-1',
      serve: false,
      nonce: b64u('sixteen bytes ok'),
      facts: { os: 'linux', cores: 2 },
    },
    wire.parseJoinRequest,
    wire.encodeJoinRequest,
  ),
  'join-answer': example(
    { format: 'xylem-join-answer-1', answer: b64u('{}'), mac: b64u('y'.repeat(32)) },
    wire.parseJoinAnswer,
    wire.encodeJoinAnswer,
  ),
  'join-answer-body': example(joinBody, wire.parseJoinAnswerBody, wire.encodeJoinAnswerBody),
  renew: example({ format: 'xylem-renew-1', csr: b64u('DER') }, wire.parseRenew, wire.encodeRenew),
  'renew-answer': example({ certificate, ca: certificate }, wire.parseRenewAnswer, wire.encodeRenewAnswer),
  'renew-answer-name': example(
    { certificate, ca: certificate, name: 'globex/production' },
    wire.parseRenewAnswer,
    wire.encodeRenewAnswer,
  ),
  'renew-move': example(
    { format: 'xylem-renew-1', csr: b64u('DER'), environment: id('e5') },
    wire.parseRenew,
    wire.encodeRenew,
  ),
  rekey: example(
    { format: 'xylem-rekey-1', host, csr: b64u('DER'), previous: b64u('x'.repeat(64)) },
    wire.parseRekey,
    wire.encodeRekey,
  ),
};
