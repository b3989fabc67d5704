import { XylemError } from '@xylem/core';

/** docs/spec/people.md. */
export const permissions = ['read', 'operate', 'approve', 'publish', 'administer'] as const;
export type Permission = (typeof permissions)[number];

/** Roles are sets: none is above another. */
export const permissionsOf = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  approver: ['read', 'approve'],
  publisher: ['read', 'publish'],
  admin: permissions,
} as const satisfies Record<string, readonly Permission[]>;
export type Role = keyof typeof permissionsOf;

export interface Grant {
  readonly role: Role;
  /** As written: `*`, `acme`, `acme/production`, `product:shop`. */
  readonly scope: string;
}

export type Scope =
  | { readonly kind: 'installation' }
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'environment'; readonly tenant: string; readonly environment: string }
  | { readonly kind: 'product'; readonly product: string };

/** Of a scope that the schema took. */
export function scopeOf(text: string): Scope {
  if (text === '*') return { kind: 'installation' };
  const [, product] = /^product:(.+)$/.exec(text) ?? [];
  if (product !== undefined) return { kind: 'product', product };
  const [tenant = '', environment] = text.split('/');
  return environment === undefined
    ? { kind: 'tenant', tenant }
    : { kind: 'environment', tenant, environment };
}

/** @throws XylemError E_INPUT for a role that means nothing in its scope */
export function checkGrant({ role, scope }: Grant): void {
  if (scopeOf(scope).kind !== 'product' || role === 'viewer' || role === 'publisher') return;
  throw new XylemError(
    'E_INPUT',
    `The role ${role} means nothing at a product. At ${scope} there are viewer and publisher.`,
  );
}
