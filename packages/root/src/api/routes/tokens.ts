import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

/** Join tokens. */
export const tokenRoutes = {
  tokenCreate: {
    method: 'POST',
    path: '/tokens',
    role: 'operator',
    body: s.TokenCreate,
    response: s.TokenCreated,
    summary: 'Create a join token',
  },
  tokenList: {
    method: 'GET',
    path: '/tokens',
    role: 'operator',
    response: s.Tokens,
    summary: 'Join tokens that still work',
  },
  tokenDelete: {
    method: 'DELETE',
    path: '/tokens/:id',
    role: 'operator',
    params: s.TokenParams,
    response: Nothing,
    summary: 'Revoke a join token',
  },
} as const satisfies Record<string, RouteContract>;
