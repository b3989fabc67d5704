import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Who asks, and who is asked. */
export const selfRoutes = {
  whoami: {
    method: 'GET',
    path: '/whoami',
    needs: { where: 'own' },
    summary: 'Who the token speaks for',
    response: s.WhoAmI,
  },
  rootInfo: {
    method: 'GET',
    path: '/root',
    needs: { where: 'own' },
    summary: 'What this root server is',
    response: s.RootInfo,
  },
} as const satisfies Record<string, RouteContract>;
