import { type Static, Type } from 'typebox';
import { Count, EnvironmentRef, Id32, Name, Nullable, Strict, Time } from './common.ts';

const Generation = Type.Integer({ minimum: 1, maximum: 999_999_999 });
const AgeRecipient = Type.String({ pattern: '^age1[02-9ac-hj-np-z]{58}$', description: 'an age recipient' });
const AgeText = Type.String({
  pattern: '^[A-Za-z0-9+/]+={0,2}$',
  maxLength: 96 * 1024,
  description: 'an age file in base64',
});
const Holder = Type.String({
  pattern: '^[^\\p{Cc}]+$',
  maxLength: 100,
  description: 'who can wrap, in words, at most 100 characters',
});
const Key = Type.String({ minLength: 1, maxLength: 255 });

/** docs/spec/secrets.md, A sealed value. */
const SealedValue = Strict({
  generation: Generation,
  version: Id32,
  holder: Holder,
  age: AgeText,
});
const Statement = Type.Object({
  recipient: AgeRecipient,
  key: Type.String(),
  signature: Type.String(),
});

/** `removed`: hosts that know the newest generation and are gone; `exposedTo`: the same of one value, until it is set anew. */
export const Secrets = Strict({
  environment: EnvironmentRef,
  revision: Count,
  generation: Nullable(
    Strict({ number: Generation, recipient: AgeRecipient, holder: Holder, created: Time }),
  ),
  values: Type.Array(
    Strict({
      component: Name,
      key: Key,
      sealed: SealedValue,
      set: Time,
      by: Type.String(),
      exposedTo: Type.Array(Type.String()),
    }),
  ),
  hosts: Type.Array(
    Strict({
      id: Id32,
      name: Type.String(),
      statement: Nullable(Statement),
      wrapped: Type.Boolean({ description: 'it has the key of the newest generation' }),
    }),
  ),
  removed: Type.Array(Type.String()),
});
export type Secrets = Static<typeof Secrets>;

/** One change against the revision that was read; all of it, or none. */
export const SecretsChange = Strict({
  revision: Count,
  generation: Type.Optional(Strict({ number: Generation, recipient: AgeRecipient, holder: Holder })),
  set: Type.Array(Strict({ component: Name, key: Key, sealed: SealedValue }), { maxItems: 1000 }),
  remove: Type.Array(Strict({ component: Name, key: Key }), { maxItems: 1000 }),
  wraps: Type.Array(Strict({ host: Id32, generation: Generation, recipient: AgeRecipient, age: AgeText }), {
    maxItems: 100_000,
  }),
});
export type SecretsChange = Static<typeof SecretsChange>;
