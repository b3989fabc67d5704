import { Type } from 'typebox';
import {
  EnvironmentPattern,
  EnvironmentRef,
  EnvironmentWhere,
  Nullable,
  Reason,
  Strict,
  Time,
} from './common.ts';

const until = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$',
  description: 'when it ends by itself, like 2027-01-04T08:00:00Z; else when somebody ends it',
});
const which = {
  environments: Type.Array(EnvironmentPattern, { minItems: 1, maxItems: 1_000 }),
  where: Type.Optional(EnvironmentWhere),
  dryRun: Type.Optional(Type.Boolean({ description: 'say which environments, change nothing' })),
};

export const FreezeSet = Strict({ ...which, reason: Reason, until: Type.Optional(until) });
export const FreezeEnd = Strict(which);
export const Freeze = Strict({
  reason: Type.String(),
  by: Type.String(),
  since: Time,
  until: Nullable(Time),
});
/** Environments that the patterns fit, with what holds there now. */
export const FreezesWere = Strict({
  environments: Type.Array(Strict({ ...EnvironmentRef.properties, freeze: Nullable(Freeze) })),
});
