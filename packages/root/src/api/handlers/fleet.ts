import { fleetStatus } from '../../fleet/status.ts';
import { topology } from '../../fleet/topology.ts';
import { whereRuns } from '../../fleet/where.ts';
import { whereHosts } from '../../fleet/where-hosts.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';

export function fleetHandlers(root: Root): Pick<Handlers, 'status' | 'topology' | 'where' | 'whereHosts'> {
  return {
    status: ({ query, who }) => fleetStatus(root, who.access, query.environment),
    topology: ({ query, who }) => topology(root, who.access.within('read'), query.environment),
    where: ({ params, query, who }) =>
      whereRuns(root, params.product, who.access.within('read'), query.environment),
    whereHosts: ({ params, query, who }) =>
      whereHosts(root, params.product, who.access.within('read'), query),
  };
}
