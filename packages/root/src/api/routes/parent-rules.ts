import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

const operate = { permission: 'operate', where: 'anywhere' } as const;

/** Which parents hosts have by rule (docs/spec/reparenting.md, Rules). */
export const parentRuleRoutes = {
  parentRuleSet: {
    method: 'POST',
    path: '/parent-rules',
    needs: operate,
    body: s.ParentRuleSet,
    response: s.ParentRuleAnswer,
    summary: 'Add a parent rule to environments, or replace the one of that name; its hosts go in batches',
  },
  parentRuleList: {
    method: 'GET',
    path: '/parent-rules',
    needs: { permission: 'read', where: 'anywhere' },
    response: s.ParentRules,
    summary: 'Parent rules, in the order in which they are looked at',
  },
  parentRuleRemove: {
    method: 'POST',
    path: '/parent-rules/remove',
    needs: operate,
    body: s.ParentRuleRemove,
    response: s.ParentRuleRemoved,
    summary: 'Remove a parent rule; hosts keep the parents that it gave until another fits',
  },
} as const satisfies Record<string, RouteContract>;
