import { limits } from '../limits.ts';
import { anyObject, array, boolean, literal, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { b64u, environmentId, environmentName, hostId, hostName, time, url } from './fields.ts';
import { trustMapSchema } from './trust-map.ts';

/** docs/spec/identity.md: what travels at joining and renewing. */

const tokenId = string({ title: 'a token id (16 hexadecimal digits)', pattern: '^[0-9a-f]{16}$' });
const mac = string({ title: 'a MAC (b64u of 32 bytes)', pattern: '^[A-Za-z0-9_-]{43}$' });
export const pem = string({
  title: 'a PEM certificate',
  pattern: '^-----BEGIN CERTIFICATE-----',
  maxLength: 64 * 1024,
});

const joinSchema = object({ format: literal('xylem-join-1'), token: tokenId, request: b64u, mac });
/** What the bytes of `request` hold. */
const joinRequestSchema = object({
  csr: b64u,
  name: hostName,
  serve: boolean(),
  nonce: string({ title: 'a nonce (b64u of 16 bytes)', pattern: '^[A-Za-z0-9_-]{22}$' }),
  facts: anyObject(),
});
const joinAnswerSchema = object({ format: literal('xylem-join-answer-1'), answer: b64u, mac });
/** What the bytes of `answer` hold. */
export const joinAnswerBodySchema = object({
  host: hostId,
  certificate: pem,
  ca: pem,
  environment: object({ id: environmentId, name: environmentName }),
  trustMap: trustMapSchema,
  parents: array(url, { maxItems: 1000 }),
  issued: time,
});
/** `environment`: the one that direction sent the host to, if it is on its way there. */
const renewSchema = object({ format: literal('xylem-renew-1'), csr: b64u }, { environment: environmentId });
/** `name`: of the environment of another tenant that the host is on its way to. */
const renewAnswerSchema = object({ certificate: pem, ca: pem }, { name: environmentName });

/** A renewal for the next key of a host, which the present one signs for: `previous`, b64u of 64 bytes. */
export const rekeySchema = object({
  format: literal('xylem-rekey-1'),
  host: hostId,
  csr: b64u,
  previous: b64u,
});

export type Join = Static<typeof joinSchema>;
export type JoinRequest = Static<typeof joinRequestSchema>;
export type JoinAnswer = Static<typeof joinAnswerSchema>;
export type JoinAnswerBody = Static<typeof joinAnswerBodySchema>;
export type Renew = Static<typeof renewSchema>;
export type Rekey = Static<typeof rekeySchema>;
export type RenewAnswer = Static<typeof renewAnswerSchema>;

const maxBytes = limits.joinMessage;
const join = documentKind(joinSchema, { what: 'join request', format: 'xylem-join-1', maxBytes });
const request = documentKind(joinRequestSchema, { what: "join request's inside", maxBytes });
const answer = documentKind(joinAnswerSchema, {
  what: 'join answer',
  format: 'xylem-join-answer-1',
  maxBytes,
});
const body = documentKind(joinAnswerBodySchema, { what: "join answer's inside", maxBytes });
const renew = documentKind(renewSchema, { what: 'renewal request', format: 'xylem-renew-1', maxBytes });
const rekey = documentKind(rekeySchema, {
  what: 'request for another key',
  format: 'xylem-rekey-1',
  maxBytes,
});
const renewed = documentKind(renewAnswerSchema, { what: 'renewal answer', maxBytes });

export const parseJoin = join.parse;
export const encodeJoin = join.encode;
export const parseJoinRequest = request.parse;
export const encodeJoinRequest = request.encode;
export const parseJoinAnswer = answer.parse;
export const encodeJoinAnswer = answer.encode;
export const parseJoinAnswerBody = body.parse;
export const encodeJoinAnswerBody = body.encode;
export const parseRenew = renew.parse;
export const encodeRenew = renew.encode;
export const parseRekey = rekey.parse;
export const encodeRekey = rekey.encode;
export const parseRenewAnswer = renewed.parse;
export const encodeRenewAnswer = renewed.encode;
