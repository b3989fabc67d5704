import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

/** What the root server asks of whom, with which token: only who administers everything says that. */
const administration = { permission: 'administer', where: 'installation' } as const;

/** Figures of hosts from outside of reports. */
export const metricRoutes = {
  metricSourceSet: {
    method: 'PUT',
    path: '/metric-sources/:name',
    needs: administration,
    maxBodyBytes: 16 * 1024,
    params: s.MetricSourceParams,
    body: s.MetricSourceSet,
    response: s.MetricSource,
    summary: 'Add or replace a source of metrics',
  },
  metricSourceList: {
    method: 'GET',
    path: '/metric-sources',
    needs: administration,
    response: s.MetricSources,
    summary: 'Sources of metrics',
  },
  metricSourceRemove: {
    method: 'DELETE',
    path: '/metric-sources/:name',
    needs: administration,
    params: s.MetricSourceParams,
    response: Nothing,
    summary: 'Remove a source of metrics',
  },
  metricShow: {
    method: 'GET',
    path: '/environments/:tenant/:environment/metrics/:metric',
    needs: { permission: 'operate', where: 'environment' },
    params: s.MetricParams,
    query: s.MetricQuery,
    response: s.MetricFigures,
    summary: 'What a metric of an environment says of its hosts now',
  },
} as const satisfies Record<string, RouteContract>;
