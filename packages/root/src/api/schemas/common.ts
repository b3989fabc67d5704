import { mostPassings, type Passing, passingParts } from '@xylem/core';
import { type Static, type TProperties, type TSchema, Type } from 'typebox';

/** An object that refuses keys it does not know: what people and programs send is checked, not guessed. */
export const Strict = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) });

/** No keys at all. */
export const Nothing = Strict({});

/** Words that people wrote, without control characters. */
export const OneLine = (maxLength: number, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\p{Cc}]+$',
    ...(description === undefined ? {} : { description }),
  });

export const Nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

const namePattern = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
/** A refusal cites the description: "expected <description>". */
export const Name = Type.String({
  pattern: `^${namePattern}$`,
  maxLength: 63,
  description: 'a name (lower-case letters, digits and inner hyphens, at most 63)',
});
export const LabelKey = Type.String({
  pattern: `^${namePattern}(\\.${namePattern})?$`,
  maxLength: 127,
  description: 'a label key (lower-case letters, digits and inner hyphens, at most one dot)',
});
const LabelValue = Type.String({
  pattern: '^[^\\p{Cc}]*$',
  maxLength: 255,
  description: 'a label value (at most 255 characters, no control characters)',
});
/** Keys that do not fit are refused, not passed over. */
export const Labels = Type.Record(LabelKey, LabelValue, { additionalProperties: false });
export const DigestText = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'a digest (64 lower-case hexadecimal digits)',
});
export const Id32 = Type.String({
  pattern: '^[0-9a-f]{32}$',
  description: 'an id (32 lower-case hexadecimal digits)',
});
export const Version = Type.String({ minLength: 1, maxLength: 255 });
export const Time = Type.String({ description: 'RFC 3339, UTC, whole seconds' });
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** The name of one environment: `acme/production`, or `production` where the installation has one tenant. */
export const EnvironmentName = Type.String({
  pattern: `^(${namePattern}/)?${namePattern}$`,
  maxLength: 127,
  description: "an environment's name, like acme/production",
});
/** An environment's name in which `*` and `?` stand for any characters: any tenant's `production`. */
export const EnvironmentPattern = Type.String({
  pattern: '^[a-z0-9*?-]+(/[a-z0-9*?-]+)?$',
  maxLength: 127,
  description: "an environment's name or pattern, like acme/production or */production",
});
/** Narrows environments by their labels, `name`, `tenant`, `environment` and `stage`. */
export const EnvironmentWhere = Type.String({
  maxLength: 4096,
  description: 'a selector over environments, like ring = 1 and stage = production',
});
/** JSON text of signed TUF metadata, kept byte for byte. */
export const MetadataText = Type.String({ minLength: 2, maxLength: 32 * 1024 * 1024 });

/**
 * Which hosts are meant. Everything that is given must hold; nothing given means every host.
 * `where` is the selector language of docs/spec/direction.md.
 */
export const HostSelection = Strict({
  environments: Type.Optional(Type.Array(EnvironmentPattern, { maxItems: 1000 })),
  where: Type.Optional(Type.String({ maxLength: 4096 })),
  site: Type.Optional(Name),
  hosts: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 253, description: 'id, prefix of an id, or name' }), {
      maxItems: 10000,
    }),
  ),
});
export type HostSelection = Static<typeof HostSelection>;

/** Every refusal of the API: a code of docs/errors.md, what happened, and what to do about it. */
export const Problem = Strict({
  code: Type.String(),
  message: Type.String(),
  advice: Type.String(),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type Problem = Static<typeof Problem>;

const Role = Type.Enum(['viewer', 'operator', 'approver', 'publisher', 'admin'], {
  description: 'viewer reads; operator, approver and publisher also do what they are called; admin does all',
});
export type Role = Static<typeof Role>;
export const ScopeText = Type.String({
  pattern: `^(\\*|product:${namePattern}|${namePattern}(/${namePattern})?)$`,
  maxLength: 127,
  description: 'a scope: *, a tenant, an environment like acme/production, or product:shop',
});
export const Grant = Strict({ role: Role, scope: ScopeText });
export type Grant = Static<typeof Grant>;

export const EnvironmentRef = Strict({ id: Id32, name: Type.String() });
export const ChangeTicket = OneLine(200, 'a change ticket, at most 200 characters');
export const PassingWord = Type.Unsafe<Passing>(
  Type.String({ pattern: passingParts.pattern, description: passingParts.title }),
);
/** Of an urgent deployment: what it passes of what hosts hold by themselves; of windows and quotas both, where it names neither. */
export const Passes = Type.Array(PassingWord, { minItems: 1, maxItems: mostPassings, uniqueItems: true });
/** When those who have not come to it are told of, after its begin. */
export const DeadlineSeconds = Type.Integer({ minimum: 1, maximum: 31_622_400 });
export const Reason = OneLine(1_000, 'a reason, at most 1,000 characters on one line');
