import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Releases that are taken back everywhere (docs/recall.md). */
export const recallRoutes = {
  recallBegin: {
    method: 'POST',
    path: '/recalls',
    needs: { permission: 'operate', where: 'installation' },
    body: s.RecallBegin,
    response: s.RecallWas,
    summary: 'Recall a release: stop it, keep it away and take it back in every environment; again: go on',
  },
  recallList: {
    method: 'GET',
    path: '/recalls',
    needs: { permission: 'read', where: 'anywhere' },
    query: s.RecallQuery,
    response: s.Recalls,
    summary: 'Recalls, the newest first, and where they stand',
  },
  recallShow: {
    method: 'GET',
    path: '/recalls/:id',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.RecallParams,
    response: s.Recall,
    summary: 'One recall: what went back, what did not and why, and which hosts still have it',
  },
  recallEnd: {
    method: 'POST',
    path: '/recalls/:id/end',
    needs: { permission: 'operate', where: 'installation' },
    params: s.RecallParams,
    body: s.RecallEnd,
    response: s.Recall,
    summary: 'End a recall that was a mistake; quarantines stay until operators lift them',
  },
} as const satisfies Record<string, RouteContract>;
