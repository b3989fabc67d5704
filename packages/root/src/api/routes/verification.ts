import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** What users would see. */
export const verificationRoutes = {
  environmentVerify: {
    method: 'POST',
    path: '/environments/:tenant/:environment/verify',
    needs: { permission: 'operate', where: 'environment' },
    params: s.EnvironmentParams,
    response: s.Verification,
    summary: 'Ask all probes of an environment now',
  },
} as const satisfies Record<string, RouteContract>;
