import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

/** Join tokens. */
export const tokenRoutes = {
  tokenCreate: {
    method: 'POST',
    path: '/tokens',
    needs: { permission: 'operate', where: 'environment' },
    body: s.TokenCreate,
    response: s.TokenCreated,
    summary: 'Create a join token',
  },
  tokenList: {
    method: 'GET',
    path: '/tokens',
    needs: { permission: 'operate', where: 'anywhere' },
    response: s.Tokens,
    summary: 'Join tokens that still work',
  },
  tokenDelete: {
    method: 'DELETE',
    path: '/tokens/:id',
    needs: { permission: 'operate', where: 'anywhere' },
    params: s.TokenParams,
    response: Nothing,
    summary: 'Revoke a join token',
  },
} as const satisfies Record<string, RouteContract>;
