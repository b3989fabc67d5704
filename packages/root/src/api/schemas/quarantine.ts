import { type Static, Type } from 'typebox';
import {
  Count,
  DigestText,
  EnvironmentPattern,
  EnvironmentRef,
  Id32,
  Name,
  Nullable,
  Reason,
  Strict,
  Time,
  Version,
} from './common.ts';

/** `dryRun`: say which environments, change nothing. */
export const QuarantineSet = Strict({
  product: Name,
  version: Version,
  environments: Type.Array(EnvironmentPattern, { minItems: 1, maxItems: 1_000 }),
  reason: Reason,
  dryRun: Type.Optional(Type.Boolean()),
});
export const QuarantineQuery = Strict({
  environment: Type.Optional(EnvironmentPattern),
  product: Type.Optional(Name),
  version: Type.Optional(Version),
  open: Type.Optional(Type.Enum(['true', 'false'], { description: 'true: only those that hold' })),
});

/** `hosts`: how many report to remember it. `lifted` null: it holds. */
export const Quarantine = Strict({
  id: Id32,
  environment: EnvironmentRef,
  product: Name,
  version: Version,
  release: DigestText,
  reason: Type.String(),
  by: Type.String(),
  since: Time,
  lifted: Nullable(Strict({ at: Time, by: Nullable(Type.String()), reason: Nullable(Type.String()) })),
  hosts: Count,
});
export type Quarantine = Static<typeof Quarantine>;
/** `unknown`: what hosts remember and this root server never said. */
export const Quarantines = Strict({
  quarantines: Type.Array(Quarantine),
  unknown: Type.Array(Strict({ id: Id32, environment: EnvironmentRef, hosts: Count })),
});
/** `environments`: those that the patterns fit. */
export const QuarantinesWere = Strict({
  environments: Type.Array(EnvironmentRef),
  ...Quarantines.properties,
});
export type Quarantines = Static<typeof Quarantines>;

/** A DSSE envelope of docs/spec/direction.md, Quarantine. */
const Envelope = Strict({
  payloadType: Type.String({ maxLength: 200 }),
  payload: Type.String({ maxLength: 16 * 1024 }),
  signatures: Type.Array(
    Strict({ keyid: Type.String({ maxLength: 200 }), sig: Type.String({ maxLength: 200 }) }),
    {
      minItems: 1,
      maxItems: 16,
    },
  ),
});
export const EnvelopeTake = Strict({ envelope: Envelope });

export const OperatorsChain = Strict({
  environment: EnvironmentRef,
  documents: Type.Array(
    Strict({
      number: Count,
      threshold: Count,
      keys: Type.Array(Strict({ key: DigestText, name: Type.String() })),
      envelope: Envelope,
      created: Time,
      by: Type.String(),
    }),
    { description: 'the newest 16, the oldest of them first; the last is in force' },
  ),
});
export type OperatorsChain = Static<typeof OperatorsChain>;
