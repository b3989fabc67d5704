import type { Permission } from '../auth/grants.ts';

interface NeedsPermission {
  readonly permission: Permission;
  /**
   * `installation`: at `*`. `new`: where the new environment will lie. `environment`, `product`: at the one that path
   * or body name. `anywhere`: in at least one scope; the handler works on what lies within and nothing else.
   */
  readonly where: 'installation' | 'new' | 'environment' | 'product' | 'anywhere';
}

/** What a route needs (docs/spec/people.md): a permission, and where it must hold. */
export type Needs =
  | NeedsPermission
  /** `own`: whoever is signed in. `nobody`: not even that. */
  | { readonly where: 'own' }
  | { readonly where: 'nobody' };

/** For the description of a route. */
export function needsText(needs: Needs): string {
  if (!('permission' in needs)) return needs.where === 'own' ? 'Needs: to be signed in.' : 'Needs nothing.';
  const { permission, where } = needs;
  const place = {
    installation: 'in the whole installation',
    new: 'where the new environment will lie',
    environment: 'in the environment',
    product: 'at the product',
    anywhere: 'in some scope, and reaches what lies within',
  }[where];
  return `Needs: ${permission} ${place}.`;
}
