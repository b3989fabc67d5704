import {
  courseOf,
  type Deployment,
  type Figures,
  type FiguresWanted,
  type HostMetric,
  XylemError,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Clock } from '@xylem/platform';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { type MetricPorts, readMetric } from '../metrics/read.ts';

/** Asks sources what a step of a deployment wants to know, or null: not now. */
export type Measure = (
  deployment: Deployment,
  environment: EnvironmentRow,
  wanted: FiguresWanted,
) => Promise<Figures | null>;

/** A source that fails is not asked with every report that comes. */
const pauseMs = 15_000;

/**
 * Asks all metrics of a deployment at once. Metrics are as the environment's policy names them now; what they are held
 * against was fixed when it began.
 */
export function createMeasure(ports: MetricPorts & { readonly clock: Clock }): Measure {
  const asked = new Map<string, { readonly of: string; readonly atMs: number }>();
  return async ({ id, strategy }, environment, wanted) => {
    const last = asked.get(id);
    const nowMs = ports.clock.monotonicMs();
    const of = `${wanted.step}/${wanted.look ?? 'end'}`;
    if (last !== undefined && last.of === of && nowMs - last.atMs < pauseMs) return null;
    for (const [other, { atMs }] of asked) if (nowMs - atMs >= pauseMs) asked.delete(other);
    asked.set(id, { of, atMs: nowMs });
    const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
    const names = (courseOf(strategy)?.metrics ?? []).map(({ name }) => name);
    const metrics = await Promise.all(
      names.map(async (name) => {
        const metric = policy.metrics?.find((one) => one.name === name);
        return [name, await figuresOf(ports, environment, metric, wanted)] as const;
      }),
    );
    const { step, look } = wanted;
    return { step, ...(look === undefined ? {} : { look }), metrics: Object.fromEntries(metrics) };
  };
}

async function figuresOf(
  ports: MetricPorts,
  environment: EnvironmentRow,
  metric: HostMetric | undefined,
  { fromMs, toMs }: FiguresWanted,
): Promise<Figures['metrics'][string]> {
  if (metric === undefined) return { fault: 'the policy of the environment does not name it any more' };
  try {
    const figures = await readMetric(ports, environment, metric, { fromMs, toMs });
    return { hosts: figures.map(({ host: { id }, bad, all }) => ({ host: id, bad, all })) };
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return { fault: error.message };
  }
}
