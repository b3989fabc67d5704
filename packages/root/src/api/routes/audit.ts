import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** The audit log. */
export const auditRoutes = {
  auditList: {
    method: 'GET',
    path: '/audit',
    role: 'admin',
    query: s.AuditQuery,
    response: s.AuditEntries,
    summary: 'Who did what',
  },
  auditCheckpoint: {
    method: 'POST',
    path: '/audit/checkpoint',
    role: 'admin',
    response: s.AuditCheckpointed,
    summary: 'Sign where the audit log stands',
  },
} as const satisfies Record<string, RouteContract>;
