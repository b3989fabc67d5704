import { parentRuleLimits } from '@xylem/core';
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
const parents = Type.Array(Parent, { minItems: 1, maxItems: 8, description: 'in order of preference' });
const priority = Type.Integer({ minimum: 0, maximum: parentRuleLimits.mostPriority });

export const ParentRuleSet = Strict({
  ...which,
  where,
  parents,
  priority: Type.Optional({ ...priority, description: 'the lowest is looked at first; default 100' }),
});
export const ParentRuleRemove = Strict(which);
export const ParentRule = Strict({
  name: Name,
  environment: EnvironmentName,
  priority,
  where,
  parents: Type.Array(Type.String()),
  hosts: { ...Count, description: 'that have their parents by it' },
  note: Nullable(Type.String({ description: 'why it could not be followed when it was looked at last' })),
  setBy: Type.String(),
  set: Time,
});
export type ParentRule = Static<typeof ParentRule>;
/** In the order in which an environment's are looked at. */
export const ParentRules = Strict({ rules: Type.Array(ParentRule) });
export const ParentRuleRemoved = Strict({ environments: Type.Array(EnvironmentName) });
