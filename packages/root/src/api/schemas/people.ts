import { type Static, Type } from 'typebox';
import { Grant, Nullable, OneLine, Strict, Time } from './common.ts';

export const WhoAmI = Strict({
  kind: Type.Enum(['api-token', 'person', 'oidc']),
  name: Type.String(),
  tokenId: Type.String(),
  grants: Type.Array(Grant),
  expires: Nullable(Time),
});
export type WhoAmI = Static<typeof WhoAmI>;

const Grants = Type.Array(Grant, { minItems: 1, maxItems: 100 });
const Subject = OneLine(100);

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

const PersonName = Type.String({
  pattern: '^[a-z0-9]([a-z0-9._@-]{0,98}[a-z0-9])?$',
  maxLength: 100,
  description: "a person's name (lower-case letters, digits, . _ @ -)",
});
const NewPassword = Type.String({
  minLength: 12,
  maxLength: 1024,
  description: 'a password of 12 to 1,024 characters',
});
const GivenPassword = Type.String({ maxLength: 1024 });

export const SignIn = Strict({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  password: GivenPassword,
  device: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
});
export const SignedIn = Strict({ token: Type.String(), name: Type.String(), expires: Time });

export const Sessions = Strict({
  sessions: Type.Array(
    Strict({
      id: Type.String(),
      subject: Type.String(),
      kind: Type.String(),
      device: Type.String(),
      from: Nullable(Type.String()),
      created: Time,
      used: Time,
      expires: Time,
      current: Type.Boolean(),
    }),
  ),
});
export const SessionParams = Strict({ id: Type.String({ pattern: '^[0-9a-f]{32}$' }) });

export const Person = Strict({
  name: Type.String(),
  grants: Type.Array(Grant),
  disabled: Type.Boolean(),
  created: Time,
  passwordSet: Nullable(Time),
});
/** `shutOut`: people of an issuer, who have no account here and are kept out. */
export const People = Strict({
  people: Type.Array(Person),
  shutOut: Type.Array(
    Strict({ account: Type.String(), name: Nullable(Type.String()), since: Time, by: Type.String() }),
  ),
});
export const PersonParams = Strict({ name: PersonName });
export const PersonCreate = Strict({
  name: PersonName,
  password: NewPassword,
  grants: Type.Optional(Type.Array(Grant, { maxItems: 100 })),
});
export const PersonGrants = Strict({
  add: Type.Optional(Type.Array(Grant, { maxItems: 100 })),
  remove: Type.Optional(Type.Array(Grant, { maxItems: 100 })),
});
export const PersonDisable = Strict({ disabled: Type.Boolean() });
/** `present`: the password until now, for one's own. */
export const PersonPassword = Strict({
  password: NewPassword,
  present: Type.Optional(GivenPassword),
});
