import { XylemError } from '@xylem/core';
import type { BodyOf } from '@xylem/root/contract';
import { list, requiredText } from '../../frame/define.ts';

export type Grant = BodyOf<'apiTokenCreate'>['grants'][number];

const roles = ['viewer', 'operator', 'approver', 'publisher', 'admin'] as const;
const scopePattern = /^(\*|product:[a-z0-9-]{1,63}|[a-z0-9-]{1,63}(\/[a-z0-9-]{1,63})?)$/;

export const grantOptions = {
  role: requiredText('<role>', roles.join(', ')),
  in: list('<scope>', 'where: *, a tenant, an environment like acme/production, product:shop; repeatable'),
};

/** One grant for each scope. @throws XylemError E_INPUT */
export function readGrants(role: string, scopes: readonly string[]): Grant[] {
  const known = roles.find((one) => one === role);
  if (known === undefined)
    throw new XylemError('E_INPUT', `"${role}" is no role. There are: ${roles.join(', ')}.`);
  if (scopes.length === 0)
    throw new XylemError(
      'E_INPUT',
      "Say where: --in acme/production, --in acme, --in product:shop or --in '*'.",
    );
  for (const scope of scopes) {
    if (scopePattern.test(scope)) continue;
    throw new XylemError(
      'E_INPUT',
      `"${scope}" is no scope. Write *, a tenant, an environment like acme/production, or product:shop.`,
    );
  }
  return scopes.map((scope) => ({ role: known, scope }));
}

/** `operator in acme/production, viewer in *`. */
export const grantsText = (grants: readonly Grant[]): string =>
  grants.map(({ role, scope }) => `${role} in ${scope}`).join(', ') || 'no grant';
