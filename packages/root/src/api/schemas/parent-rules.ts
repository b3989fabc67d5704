import { addressLimits, parentRuleLimits } from '@xylem/core';
import { type Static, Type } from 'typebox';
import { Count, EnvironmentName, EnvironmentPattern, Name, Nullable, Strict, Time } from './common.ts';
import { Parent } from './reparenting.ts';

const which = {
  name: Name,
  environments: Type.Optional(
    Type.Array(EnvironmentPattern, { maxItems: 1_000, description: 'absent: all that you operate' }),
  ),
};
const where = Type.String({
  minLength: 1,
  maxLength: 4096,
  description: 'a selector over the labels of hosts, like site = muc',
});
const subnets = Type.Array(Type.String({ minLength: 1, maxLength: 49 }), {
  maxItems: addressLimits.subnets,
  description: 'one of which holds an address of the host, like 10.1.0.0/16; none: every host is in',
});
const parents = Type.Array(Parent, { minItems: 1, maxItems: 8, description: 'in order of preference' });
const dryRun = Type.Optional(Type.Boolean({ description: 'say who would go where, change nothing' }));
const priority = Type.Integer({ minimum: 0, maximum: parentRuleLimits.mostPriority });

export const ParentRuleSet = Strict({
  ...which,
  where,
  subnets: Type.Optional(subnets),
  parents,
  priority: Type.Optional({ ...priority, description: 'the lowest is looked at first; default 100' }),
  dryRun,
});
export const ParentRuleRemove = Strict({ ...which, dryRun });
/** Hosts that would go the same way. */
export const ParentRuleMove = Strict({
  environment: EnvironmentName,
  rule: Name,
  from: Nullable(Type.String({ description: 'where they pull from; null: that is not known' })),
  to: Type.Array(Type.String()),
  hosts: Count,
  names: Type.Array(Type.String(), { description: 'of the first 20' }),
  note: Nullable(Type.String({ description: 'what stands against it' })),
});
export type ParentRuleMove = Static<typeof ParentRuleMove>;
export const ParentRule = Strict({
  name: Name,
  environment: EnvironmentName,
  priority,
  where,
  subnets: Type.Array(Type.String()),
  parents: Type.Array(Type.String()),
  hosts: { ...Count, description: 'that have their parents by it' },
  note: Nullable(Type.String({ description: 'why it could not be followed when it was looked at last' })),
  setBy: Type.String(),
  set: Time,
});
export type ParentRule = Static<typeof ParentRule>;
/** In the order in which an environment's are looked at. */
export const ParentRules = Strict({ rules: Type.Array(ParentRule) });
/** `moves`: of a dry run alone. */
export const ParentRuleAnswer = Strict({
  ...ParentRules.properties,
  moves: Type.Array(ParentRuleMove),
});
export const ParentRuleRemoved = Strict({
  environments: Type.Array(EnvironmentName),
  moves: Type.Array(ParentRuleMove),
});
