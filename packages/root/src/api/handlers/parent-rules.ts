import { parentRuleLimits } from '@xylem/core';
import { environmentsMatching, fullName } from '../../environments/names.ts';
import { listParentRules } from '../../parent-rules/rows.ts';
import { removeParentRule, setParentRule } from '../../parent-rules/set.ts';
import type { Root } from '../../root.ts';
import type { Call, Handlers } from '../handlers.ts';
import type { parentRuleRoutes } from '../routes/parent-rules.ts';
import { refuseRestored } from './deployments.ts';

export function parentRuleHandlers(root: Root): Pick<Handlers, keyof typeof parentRuleRoutes> {
  const { db, config } = root;
  const operated = async ({ body, who }: Pick<Call<'parentRuleRemove'>, 'body' | 'who'>) =>
    await environmentsMatching(db, body.environments, config.tenant, who.access.within('operate'));
  return {
    parentRuleSet: async ({ body, who }) => {
      await refuseRestored(root);
      const environments = await operated({ body, who });
      const { name, where, parents, priority = parentRuleLimits.priority } = body;
      await setParentRule(root, environments, { name, where, parents, priority }, who.name);
      const names = new Set(environments.map(fullName));
      const rules = await listParentRules(db, who.access.within('operate'));
      return { rules: rules.filter((rule) => rule.name === name && names.has(rule.environment)) };
    },
    parentRuleList: async ({ who }) => ({ rules: await listParentRules(db, who.access.within('read')) }),
    parentRuleRemove: async ({ body, who }) => {
      await refuseRestored(root);
      const left = await removeParentRule(root, await operated({ body, who }), body.name, who.name);
      return { environments: left.map(fullName) };
    },
  };
}
