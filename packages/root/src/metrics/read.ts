import { countsOf, type HostCounts, type HostMetric, queryOver, timeOf, XylemError } from '@xylem/core';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import type { Root } from '../root.ts';
import { askProgram } from './program.ts';
import { askPrometheus } from './prometheus.ts';
import { sourceNamed } from './sources.ts';

export type MetricPorts = Pick<Root, 'db' | 'paths'>;

/** Half-open, in milliseconds since 1970. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Figures of one host of the environment. */
export interface HostFigures extends Omit<HostCounts, 'host'> {
  readonly host: { readonly id: string; readonly name: string };
}

/**
 * What a metric says of an environment's hosts over a window. Names that no host has are passed over.
 * @throws XylemError E_METRIC, E_NOT_FOUND (its source)
 */
export async function readMetric(
  root: MetricPorts,
  environment: EnvironmentRow,
  metric: HostMetric,
  window: Window,
): Promise<HostFigures[]> {
  const counts = await countsIn(root, environment, metric, window);
  const hosts = new Map<string, HostFigures['host']>();
  for (const { id, name } of await hostsIn(root.db, [environment.id])) {
    hosts.set(id, { id, name });
    hosts.set(name, { id, name });
  }
  return counts.flatMap(({ host, bad, all }) => {
    const known = hosts.get(host);
    return known === undefined ? [] : [{ host: known, bad, all }];
  });
}

async function countsIn(
  { db, paths }: MetricPorts,
  environment: EnvironmentRow,
  metric: HostMetric,
  { fromMs, toMs }: Window,
): Promise<HostCounts[]> {
  const source = await sourceNamed(db, metric.source, environment.tenant);
  if (source.kind === 'program') {
    return await askProgram(paths.metrics, source.address, {
      format: 'xylem-metric-1',
      environment: fullName(environment),
      metric: metric.name,
      from: timeOf(fromMs),
      to: timeOf(toMs),
    });
  }
  const { bad, all, host: label = 'host' } = metric;
  if (bad === undefined || all === undefined) {
    const what = `The metric ${metric.name} of ${fullName(environment)} needs the queries bad and all`;
    throw new XylemError('E_METRIC', `${what}: its source ${source.name} is a Prometheus.`, {
      retry: 'never',
    });
  }
  const prometheus = { url: source.address, token: source.token };
  const ask = (query: string) =>
    askPrometheus(prometheus, { query: queryOver(query, toMs - fromMs), atMs: toMs, label });
  const [badOnes, allOnes] = await Promise.all([ask(bad), ask(all)]);
  return countsOf(badOnes, allOnes);
}
