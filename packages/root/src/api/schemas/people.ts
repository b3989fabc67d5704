import { type Static, Type } from 'typebox';
import { Grant, Nullable, Strict, Time } from './common.ts';

export const WhoAmI = Strict({
  kind: Type.Enum(['api-token', 'person']),
  name: Type.String(),
  tokenId: Type.String(),
  grants: Type.Array(Grant),
  expires: Nullable(Time),
});
export type WhoAmI = Static<typeof WhoAmI>;

const Grants = Type.Array(Grant, { minItems: 1, maxItems: 100 });
const Subject = Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\p{Cc}]+$' });

/** Without an expiry a token works for 90 days. */
export const ApiTokenCreate = Strict({
  name: Subject,
  grants: Grants,
  expiresInSeconds: Type.Optional(
    Type.Integer({ minimum: 60, maximum: 366 * 24 * 3600, description: 'seconds, at most a year' }),
  ),
});
const ApiToken = Strict({
  id: Type.String(),
  name: Type.String(),
  grants: Type.Array(Grant),
  created: Time,
  expires: Nullable(Time),
  used: Nullable(Time),
});
export const ApiTokenCreated = Strict({ ...ApiToken.properties, token: Type.String() });
export const ApiTokens = Strict({ tokens: Type.Array(ApiToken) });
export const ApiTokenParams = Strict({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) });
