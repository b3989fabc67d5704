import { limits } from '../limits.ts';
import { anyObject, array, integer, literal, nullable, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { envelopeSchema } from './envelope.ts';
import * as f from './fields.ts';

/** docs/spec/direction.md, Quarantine. */

export const quarantineId = string({
  title: 'the id of a quarantine (32 hexadecimal digits)',
  pattern: '^[0-9a-f]{32}$',
});

export const quarantineSchema = object({
  product: f.name,
  release: f.digest,
  version: f.version,
  id: quarantineId,
  since: f.time,
});

/** Of a desired state. Hosts remember as many, of all environments together. */
export const mostQuarantined = 256;

/**
 * Envelopes in a desired state are opened one by one: one that is no envelope is refused alone. By host: what is absent
 * is empty.
 */
export const quarantineLists = {
  quarantined: array(quarantineSchema, { maxItems: mostQuarantined }),
  lifts: array(anyObject(), { maxItems: 256 }),
  operators: array(anyObject(), { maxItems: 64 }),
};

const operatorsSchema = object({
  format: literal('xylem-operators-1'),
  environment: f.environmentId,
  number: integer({ minimum: 1 }),
  threshold: integer({ minimum: 1, maximum: 8 }),
  keys: array(
    object({
      public: string({ title: 'a raw Ed25519 key in b64u', pattern: '^[A-Za-z0-9_-]{43}$' }),
      name: f.labelValue,
    }),
    { minItems: 1, maxItems: 8 },
  ),
});

const liftSchema = object({
  format: literal('xylem-quarantine-lift-1'),
  environment: f.environmentId,
  product: f.name,
  release: f.digest,
  version: f.version,
  quarantine: quarantineId,
  reason: string({ title: 'a reason of 1 to 1,000 characters', minLength: 1, maxLength: 1_000 }),
  issued: f.time,
});

export type Quarantine = Static<typeof quarantineSchema>;
export type Operators = Static<typeof operatorsSchema>;
export type Lift = Static<typeof liftSchema>;

/** The `payloadType` of their envelopes. */
export const operatorsPayloadType = 'application/vnd.xylem.operators+json';
export const liftPayloadType = 'application/vnd.xylem.quarantine-lift+json';

const operators = documentKind(operatorsSchema, {
  what: 'document of operators',
  format: 'xylem-operators-1',
  maxBytes: limits.operatorsDocument,
  code: 'E_OPERATORS_INVALID',
  check: ({ keys, threshold }) => {
    if (new Set(keys.map((key) => key.public)).size < keys.length) return 'a key stands in it twice';
    return threshold > keys.length ? 'its threshold is above the number of its keys' : undefined;
  },
});
export const parseOperators = operators.parse;
export const encodeOperators = operators.encode;

const lift = documentKind(liftSchema, {
  what: 'lift of a quarantine',
  format: 'xylem-quarantine-lift-1',
  maxBytes: limits.operatorsDocument,
  code: 'E_LIFT_INVALID',
});
export const parseLift = lift.parse;
export const encodeLift = lift.encode;

/** docs/spec/custody.md, Signing by several: what is to be signed lies in `document`, perhaps by nobody yet. */
const signingSchema = object({
  format: literal('xylem-signing-1'),
  environment: object({ id: f.environmentId, name: f.environmentName }),
  operators: nullable(envelopeSchema),
  document: object({
    payloadType: string({ minLength: 1, maxLength: 255 }),
    payload: f.base64,
    signatures: array(object({ keyid: string({ maxLength: 255 }), sig: f.base64 }), { maxItems: 16 }),
  }),
});
export type Signing = Static<typeof signingSchema>;
const signing = documentKind(signingSchema, {
  what: 'file to be signed',
  format: 'xylem-signing-1',
  maxBytes: limits.signingFile,
});
export const parseSigning = signing.parse;
export const encodeSigning = signing.encode;
