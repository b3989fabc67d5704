import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

/** API tokens. */
export const accessRoutes = {
  apiTokenCreate: {
    method: 'POST',
    path: '/api-tokens',
    needs: { permission: 'administer', where: 'anywhere' },
    body: s.ApiTokenCreate,
    response: s.ApiTokenCreated,
    summary: 'Create an API token',
  },
  apiTokenList: {
    method: 'GET',
    path: '/api-tokens',
    needs: { permission: 'administer', where: 'anywhere' },
    response: s.ApiTokens,
    summary: 'API tokens',
  },
  apiTokenDelete: {
    method: 'DELETE',
    path: '/api-tokens/:id',
    needs: { permission: 'administer', where: 'anywhere' },
    params: s.ApiTokenParams,
    response: Nothing,
    summary: 'Revoke an API token',
  },
} as const satisfies Record<string, RouteContract>;
