import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Plans (docs/spec/plans.md). */
export const planRoutes = {
  planCreate: {
    method: 'POST',
    path: '/plans',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.PlanCreate,
    response: s.PlanDetail,
    summary: 'Prepare a deployment: look at everything, move nothing, keep what is approved and started',
  },
  planList: {
    method: 'GET',
    path: '/plans',
    needs: { permission: 'read', where: 'anywhere' },
    query: s.PlanQuery,
    response: s.Plans,
    summary: 'Plans, newest first',
  },
  planShow: {
    method: 'GET',
    path: '/plans/:id',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.PlanParams,
    response: s.PlanDetail,
    summary: 'One plan as it was prepared, and what people said of it',
  },
  planHosts: {
    method: 'GET',
    path: '/plans/:id/hosts',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.PlanParams,
    query: s.PlanHostsQuery,
    response: s.PlanHosts,
    summary: 'The hosts that a plan would change by what is known now, page by page',
  },
  planRefresh: {
    method: 'POST',
    path: '/plans/:id/refresh',
    needs: { permission: 'operate', where: 'anywhere' },
    params: s.PlanParams,
    response: s.PlanRefreshed,
    summary: 'Look anew; where facts changed, make a version whose approvals begin anew',
  },
  planApprove: {
    method: 'POST',
    path: '/plans/:id/approve',
    needs: { permission: 'approve', where: 'anywhere' },
    params: s.PlanParams,
    body: s.PlanApprove,
    response: s.PlanDetail,
    summary: 'Approve the present version of a plan',
  },
  planRefuse: {
    method: 'POST',
    path: '/plans/:id/refuse',
    needs: { permission: 'approve', where: 'anywhere' },
    params: s.PlanParams,
    body: s.PlanRefuse,
    response: s.PlanDetail,
    summary: 'Refuse a plan',
  },
  planStart: {
    method: 'POST',
    path: '/plans/:id/start',
    needs: { permission: 'operate', where: 'anywhere' },
    params: s.PlanParams,
    body: s.PlanStart,
    response: s.PlanStarted,
    summary: 'Deploy by a plan: all of its first stage, or nothing',
  },
} as const satisfies Record<string, RouteContract>;
