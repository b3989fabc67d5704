import { XylemError } from '@xylem/core';
import type { Who } from '../auth/api-tokens.ts';
import type { Permission } from '../auth/grants.ts';
import { noProduct, visibleProducts } from '../auth/visible.ts';
import type { Database } from '../db/tables.ts';
import { fullName, noEnvironment, splitName } from '../environments/names.ts';
import type { Needs } from './needs.ts';

/** What a request names, as far as it is known: the body comes after the first check. */
export interface Named {
  readonly params: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The one place that decides whether a request may be answered. Called before the body is read, so that who has no
 * right sends nothing that is kept, and again when the body says what is meant.
 * @throws XylemError E_FORBIDDEN; E_NOT_FOUND for what lies outside, as for what does not exist
 */
export async function authorise(
  needs: Needs,
  { params, body }: Named,
  who: Who,
  root: { readonly db: Database; readonly tenant: string },
): Promise<void> {
  if (!('permission' in needs)) return;
  const { permission, where } = needs;
  const { access } = who;
  if (!access.anywhere(permission)) throw forbidden(who, permission, '');
  if (access.everywhere(permission) || where === 'anywhere') return;
  if (where === 'installation') throw forbidden(who, permission, ' in the whole installation');
  if (where === 'product') {
    const product = text(params['product'] ?? body['product']);
    if (product === null || access.at(permission, product)) return;
    if (!(await visibleProducts(root.db, access))(product)) throw noProduct(product);
    if (permission !== 'read') throw forbidden(who, permission, ` at the product ${product}`);
    return;
  }
  const name =
    typeof params['tenant'] === 'string'
      ? `${params['tenant']}/${text(params['environment']) ?? ''}`
      : text(where === 'new' ? body['name'] : body['environment']);
  if (name === null) return;
  const environment = splitName(name, root.tenant);
  if (access.in(permission, environment)) return;
  // Whether a place that is asked for is taken already is nobody's business who may not make one there.
  if (where === 'environment' && !access.in('read', environment)) throw noEnvironment(fullName(environment));
  throw forbidden(who, permission, ` in ${fullName(environment)}`);
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function forbidden(who: Who, permission: Permission, where: string): XylemError {
  return new XylemError(
    'E_FORBIDDEN',
    `This needs the permission to ${permission}${where}, which ${who.name} does not have.`,
    { details: { permission } },
  );
}
