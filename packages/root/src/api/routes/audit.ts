import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** The audit log. */
export const auditRoutes = {
  auditList: {
    method: 'GET',
    path: '/audit',
    needs: { permission: 'administer', where: 'anywhere' },
    query: s.AuditQuery,
    response: s.AuditEntries,
    summary: 'Who did what',
  },
  auditCheckpoint: {
    method: 'POST',
    path: '/audit/checkpoint',
    needs: { permission: 'administer', where: 'installation' },
    response: s.AuditCheckpointed,
    summary: 'Sign where the audit log stands',
  },
} as const satisfies Record<string, RouteContract>;
