import { parentRuleLimits } from '@xylem/core';
import { environmentsMatching, fullName } from '../../environments/names.ts';
import { listParentRules } from '../../parent-rules/rows.ts';
import { previewRemove, previewSet, removeParentRule, setParentRule } from '../../parent-rules/set.ts';
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
      const { name, where, subnets = [], parents, priority = parentRuleLimits.priority } = body;
      const rule = { name, where, subnets, parents, priority };
      if (body.dryRun === true)
        return { rules: [], moves: await previewSet(root, environments, rule, who.name) };
      await setParentRule(root, environments, rule, who.name);
      const names = new Set(environments.map(fullName));
      const rules = await listParentRules(db, who.access.within('operate'));
      return {
        rules: rules.filter((one) => one.name === name && names.has(one.environment)),
        moves: [],
      };
    },
    parentRuleList: async ({ who }) => ({ rules: await listParentRules(db, who.access.within('read')) }),
    parentRuleRemove: async ({ body, who }) => {
      await refuseRestored(root);
      const environments = await operated({ body, who });
      if (body.dryRun === true) {
        const { left, moves } = await previewRemove(root, environments, body.name);
        return { environments: left.map(fullName), moves: [...moves] };
      }
      const left = await removeParentRule(root, environments, body.name, who.name);
      return { environments: left.map(fullName), moves: [] };
    },
  };
}
