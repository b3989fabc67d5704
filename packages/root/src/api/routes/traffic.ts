import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

const path = '/environments/:tenant/:environment/traffic';

/** Which of two groups of hosts products' traffic goes to (docs/traffic.md). */
export const trafficRoutes = {
  trafficShow: {
    method: 'GET',
    path,
    needs: { permission: 'read', where: 'environment' },
    params: s.EnvironmentParams,
    response: s.Traffics,
    summary:
      'To which group of hosts the traffic of each product goes, and which balancers have applied that',
  },
  trafficSwitch: {
    method: 'POST',
    path: `${path}/:product`,
    needs: { permission: 'operate', where: 'environment' },
    params: s.TrafficParams,
    body: s.TrafficSwitchBody,
    response: s.Traffic,
    summary: 'Send the traffic of a product to the other group of hosts',
  },
} as const satisfies Record<string, RouteContract>;
