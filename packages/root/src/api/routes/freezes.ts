import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Environments in which no deployment goes on (docs/operate.md). */
export const freezeRoutes = {
  freezeSet: {
    method: 'POST',
    path: '/freezes',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.FreezeSet,
    response: s.FreezesWere,
    summary: 'Freeze environments: no deployment begins there or goes on, but rollbacks and urgent ones',
  },
  freezeEnd: {
    method: 'POST',
    path: '/freezes/end',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.FreezeEnd,
    response: s.FreezesWere,
    summary: 'End freezes: what waited goes on at once',
  },
} as const satisfies Record<string, RouteContract>;
