import { type HostMetric, type Reading, XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { readMetric, type Window } from '../metrics/read.ts';
import type { Root } from '../root.ts';
import { type DueReading, dueReadings, saveReadings } from './befores.ts';

/** A source that can't be asked is asked again for so long; then that is what is kept. */
const patienceMs = 120_000;

/** Reads the windows of figures that are over, before deployments and after the watch over them. */
export async function readFigures(root: Root): Promise<void> {
  const due = await dueReadings(root.db);
  await Promise.all(due.slice(0, 16).map((one) => readOne(root, one)));
}

async function readOne(root: Root, due: DueReading): Promise<void> {
  const environment = await root.db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', due.environment)
    .executeTakeFirstOrThrow();
  const { metrics = [] } = parseEnvironmentYaml(environment.yaml, fullName(environment)).policy;
  const read = await Promise.all(metrics.map((metric) => readSum(root, environment, metric, due)));
  const isMissing = read.some((one) => 'fault' in one);
  if (isMissing && root.clock.now() - due.toMs < patienceMs) return;
  await saveReadings(root.db, due, read);
}

async function readSum(
  root: Root,
  environment: EnvironmentRow,
  metric: HostMetric,
  window: Window,
): Promise<Reading> {
  const { name } = metric;
  try {
    const hosts = await readMetric(root, environment, metric, window);
    const sum = (of: 'bad' | 'all'): number => hosts.reduce((total, host) => total + host[of], 0);
    return { name, seconds: (window.toMs - window.fromMs) / 1000, bad: sum('bad'), all: sum('all') };
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return { name, fault: error.message };
  }
}
