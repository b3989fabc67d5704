import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Tenants and the order of their stages. */
export const tenantRoutes = {
  tenantList: {
    method: 'GET',
    path: '/tenants',
    needs: { permission: 'read', where: 'anywhere' },
    response: s.Tenants,
    summary: 'Tenants and the order of their stages',
  },
  tenantStages: {
    method: 'PUT',
    path: '/tenants/:tenant/stages',
    needs: { permission: 'administer', where: 'anywhere' },
    params: s.TenantParams,
    body: s.TenantStages,
    response: s.Tenant,
    summary: 'Give a tenant an order of stages of its own',
  },
} as const satisfies Record<string, RouteContract>;
