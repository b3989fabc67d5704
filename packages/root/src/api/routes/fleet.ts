import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** The fleet as a whole. */
export const fleetRoutes = {
  status: {
    method: 'GET',
    path: '/status',
    needs: { permission: 'read', where: 'anywhere' },
    query: s.FleetQuery,
    response: s.Status,
    summary: 'The fleet at a glance',
  },
  topology: {
    method: 'GET',
    path: '/topology',
    needs: { permission: 'read', where: 'anywhere' },
    query: s.FleetQuery,
    response: s.Topology,
    summary: 'Who is whose child, as reported',
  },
  where: {
    method: 'GET',
    path: '/where/:product',
    needs: { permission: 'read', where: 'product' },
    params: s.WhereParams,
    query: s.FleetQuery,
    response: s.Where,
    summary: 'Which versions of a product run where',
  },
  whereHosts: {
    method: 'GET',
    path: '/where/:product/hosts',
    needs: { permission: 'read', where: 'product' },
    params: s.WhereParams,
    query: s.WhereHostsQuery,
    response: s.WhereHosts,
    summary: 'Which hosts run a product, by pages',
  },
} as const satisfies Record<string, RouteContract>;
