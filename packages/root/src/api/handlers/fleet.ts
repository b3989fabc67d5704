import { fleetStatus } from '../../fleet/status.ts';
import { topology } from '../../fleet/topology.ts';
import { whereRuns } from '../../fleet/where.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';

export function fleetHandlers(root: Root): Pick<Handlers, 'status' | 'topology' | 'where'> {
  return {
    status: ({ query }) => fleetStatus(root, query.environment),
    topology: ({ query }) => topology(root, query.environment),
    where: ({ params, query }) => whereRuns(root, params.product, query.environment),
  };
}
