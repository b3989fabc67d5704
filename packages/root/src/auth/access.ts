import { type Grant, type Permission, permissionsOf, scopeOf } from './grants.ts';

interface EnvironmentName {
  readonly tenant: string;
  readonly environment: string;
}

/** Which environments there are, for whoever asks. */
export type Within = (environment: EnvironmentName) => boolean;

/** What somebody may do where: all grants together. Pure; it looks nothing up. */
export interface Access {
  readonly grants: readonly Grant[];
  /** In at least one scope. */
  anywhere(permission: Permission): boolean;
  /** At `*`. */
  everywhere(permission: Permission): boolean;
  inTenant(permission: Permission, tenant: string): boolean;
  /** Something of this tenant is there for whoever asks. */
  reaches(tenant: string): boolean;
  in(permission: Permission, environment: EnvironmentName): boolean;
  /** `in`, to filter with. */
  within(permission: Permission): Within;
  /** By a grant at this product, or at `*`. */
  at(permission: Permission, product: string): boolean;
  /** Whether who has this may administer what lies in that scope. */
  administers(scope: string): boolean;
}

export function accessOf(grants: readonly Grant[]): Access {
  const held = grants.map(({ role, scope }) => ({
    permissions: new Set<Permission>(permissionsOf[role]),
    scope: scopeOf(scope),
  }));
  const some = (permission: Permission, fits: (scope: ReturnType<typeof scopeOf>) => boolean): boolean =>
    held.some((grant) => grant.permissions.has(permission) && fits(grant.scope));
  const everywhere = (permission: Permission): boolean =>
    some(permission, ({ kind }) => kind === 'installation');
  const inTenant = (permission: Permission, tenant: string): boolean =>
    some(
      permission,
      (scope) => scope.kind === 'installation' || (scope.kind === 'tenant' && scope.tenant === tenant),
    );
  const inEnvironment = (permission: Permission, { tenant, environment }: EnvironmentName): boolean =>
    inTenant(permission, tenant) ||
    some(
      permission,
      (scope) => scope.kind === 'environment' && scope.tenant === tenant && scope.environment === environment,
    );
  return {
    grants,
    anywhere: (permission) => some(permission, () => true),
    everywhere,
    inTenant,
    reaches: (tenant) =>
      some(
        'read',
        (scope) => scope.kind === 'installation' || ('tenant' in scope && scope.tenant === tenant),
      ),
    in: inEnvironment,
    within: (permission) => (environment) => inEnvironment(permission, environment),
    at: (permission, product) =>
      some(
        permission,
        (scope) => scope.kind === 'installation' || (scope.kind === 'product' && scope.product === product),
      ),
    administers: (text) => {
      const scope = scopeOf(text);
      if (scope.kind === 'tenant') return inTenant('administer', scope.tenant);
      return scope.kind === 'environment' ? inEnvironment('administer', scope) : everywhere('administer');
    },
  };
}
