import { Type } from 'typebox';
import { Grant, Strict, Time } from './common.ts';

const Claims = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9_.:/-]{1,100}$', description: 'the name of a claim' }),
  Type.String({ minLength: 1, maxLength: 500 }),
  { minProperties: 1, maxProperties: 20, additionalProperties: false },
);

export const CiTrust = Strict({
  issuer: Type.String({
    minLength: 8,
    maxLength: 500,
    pattern: '^https?://[^\\s?#]+$',
    description: 'the address of an issuer, as its tokens name it in iss',
  }),
  audience: Type.String({ minLength: 1, maxLength: 500 }),
  match: Claims,
  grants: Type.Array(Grant, { minItems: 1, maxItems: 100 }),
});
export const CiRule = Strict({ id: Type.String(), ...CiTrust.properties, created: Time });
export const CiRules = Strict({ rules: Type.Array(CiRule) });
export const CiRuleParams = Strict({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) });

export const CiExchange = Strict({
  token: Type.String({
    minLength: 1,
    maxLength: 12 * 1024,
    description: "a CI system's token (a JWT of at most 12 KiB)",
  }),
});
