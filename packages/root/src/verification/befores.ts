import {
  type ComparedReading,
  compareReadings,
  type DeploymentState,
  type EnvironmentPolicy,
  type HostsBefore,
  hasEnded,
  type Probe,
  type ProbeBefore,
  passedOn,
  probesBefore,
  probesFrom,
  type Reading,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { askedIn } from './on-hosts.ts';
import { resultsOf } from './rows.ts';

/** Longer windows of figures are not read. */
const mostWindowSeconds = 3600;

/** Keeps what it will be compared with, in the transaction in which a deployment begins that will be looked after. */
export async function keepBefore(
  trx: Database,
  { id, environment, kind }: { readonly id: string; readonly environment: string; readonly kind: string },
  { watch, verify = [], metrics = [], reportEverySeconds }: EnvironmentPolicy,
  nowMs: number,
): Promise<void> {
  if (watch === undefined || kind !== 'deploy' || verify.length + metrics.length === 0) return;
  const probes = await presentProbes(trx, environment, verify, nowMs);
  const onHosts = await askedIn(trx, environment, verify, reportEverySeconds, nowMs);
  const passed = onHosts.map(({ probe: { name }, of, words }) => passedOn({ name, of }, words));
  const seconds = metrics.length === 0 ? 0 : Math.min(watch.seconds, mostWindowSeconds);
  await trx
    .insertInto('deployment_befores')
    .values({
      deployment: id,
      environment,
      probes: JSON.stringify(probes),
      on_hosts: passed.length === 0 ? null : JSON.stringify(passed),
      began_ms: nowMs,
      window_ms: seconds * 1000,
      figures_before: null,
      figures_after: null,
      state: seconds === 0 ? 'done' : 'before',
    })
    .execute();
}

/** How the probes that the root server asks of an environment stand now. */
export async function presentProbes(
  db: Database,
  environment: string,
  probes: readonly Probe[],
  nowMs: number,
): Promise<ProbeBefore[]> {
  const own = probesFrom(probes, 'root');
  return probesBefore(own, await resultsOf(db, environment, own), nowMs);
}

/** How they stood when a deployment began; empty where none were asked. */
export async function probesAtBegin(
  db: Database,
  deployment: string,
): Promise<{ readonly probes: readonly ProbeBefore[]; readonly onHosts: readonly HostsBefore[] }> {
  const row = await db
    .selectFrom('deployment_befores')
    .select(['probes', 'on_hosts'])
    .where('deployment', '=', deployment)
    .executeTakeFirst();
  return {
    probes: row === undefined ? [] : (JSON.parse(row.probes) as ProbeBefore[]),
    onHosts: row?.on_hosts == null ? [] : (JSON.parse(row.on_hosts) as HostsBefore[]),
  };
}

/** Figures of a deployment before and after; null: none are read. */
export async function comparedFigures(
  db: Database,
  deployment: string,
): Promise<readonly ComparedReading[] | null> {
  const row = await db
    .selectFrom('deployment_befores')
    .select(['figures_before', 'figures_after'])
    .where('deployment', '=', deployment)
    .where('window_ms', '>', 0)
    .executeTakeFirst();
  if (row === undefined) return null;
  return compareReadings(readings(row.figures_before), readings(row.figures_after));
}

const readings = (text: string | null): Reading[] | null =>
  text === null ? null : (JSON.parse(text) as Reading[]);

/** A window of figures that is over and was not read yet. */
export interface DueReading {
  readonly deployment: string;
  readonly environment: string;
  readonly which: 'before' | 'after';
  readonly fromMs: number;
  readonly toMs: number;
}

/** Windows that can be read; forgets those of deployments that ended otherwise than with success. */
export async function dueReadings(db: Database): Promise<DueReading[]> {
  const rows = await db
    .selectFrom('deployment_befores as b')
    .innerJoin('deployments as d', 'd.id', 'b.deployment')
    .leftJoin('deployment_watches as w', 'w.deployment', 'b.deployment')
    .select(['b.deployment', 'b.environment', 'b.state', 'b.began_ms', 'b.window_ms'])
    .select(['d.state as stands', 'w.document', 'w.ended_ms'])
    .where('b.state', '!=', 'done')
    .execute();
  const due: DueReading[] = [];
  for (const { deployment, environment, state, began_ms, window_ms, ended_ms, ...row } of rows) {
    if (state === 'before') {
      due.push({ deployment, environment, which: state, fromMs: began_ms - window_ms, toMs: began_ms });
    } else if (row.document === null) {
      if (hasEnded({ state: row.stands as DeploymentState })) await saveState(db, deployment, 'done');
    } else if (ended_ms !== null) {
      const { since } = JSON.parse(row.document) as { since: number };
      const fromMs = Math.max(since, ended_ms - window_ms);
      due.push({ deployment, environment, which: 'after', fromMs, toMs: Math.max(ended_ms, fromMs + 1000) });
    }
  }
  return due;
}

const saveState = (db: Database, deployment: string, state: string) =>
  db.updateTable('deployment_befores').set({ state }).where('deployment', '=', deployment).execute();

export async function saveReadings(
  db: Database,
  { deployment, which }: Pick<DueReading, 'deployment' | 'which'>,
  read: readonly Reading[],
): Promise<void> {
  const text = JSON.stringify(read);
  await db
    .updateTable('deployment_befores')
    .set(
      which === 'before' ? { figures_before: text, state: 'after' } : { figures_after: text, state: 'done' },
    )
    .where('deployment', '=', deployment)
    .where('state', '=', which)
    .execute();
}
