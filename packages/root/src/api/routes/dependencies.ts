import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** What components need of each other (docs/dependencies.md). */
export const dependencyRoutes = {
  dependencies: {
    method: 'GET',
    path: '/dependencies/:product',
    needs: { permission: 'read', where: 'product' },
    params: s.DependencyParams,
    query: s.DependencyQuery,
    response: s.Dependencies,
    summary: 'What components of a product need, and what needs them, in each environment',
  },
  consequences: {
    method: 'GET',
    path: '/dependencies/:product/:version',
    needs: { permission: 'read', where: 'product' },
    params: s.ConsequenceParams,
    query: s.DependencyQuery,
    response: s.Consequences,
    summary: 'What a release would drag along in environments, and what it would break',
  },
} as const satisfies Record<string, RouteContract>;
