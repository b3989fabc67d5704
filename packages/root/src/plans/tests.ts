import type { PlanEnvironment, SeenTestRun, SeenTests } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { KnownPlan } from './rows.ts';

/** What the tests of a plan's stages show, by stage. Reads no result: only how each run stands. */
export async function testsOf(db: Database, known: KnownPlan): Promise<ReadonlyMap<number, SeenTests>> {
  const {
    row,
    version: { document },
  } = known;
  const tests = new Map<number, SeenTests>();
  if (document.stages.every((stage) => stage.tests === undefined)) return tests;
  const begun = await db.selectFrom('plan_tests').selectAll().where('plan', '=', row.id).execute();
  for (const { stage: index, begun_ms: begunMs, passed_ms: passedMs } of begun) {
    const environments = document.stages[index]?.environments ?? [];
    const runs = passedMs === null ? await runsSince(db, known, environments, begunMs) : [];
    tests.set(index, { begunMs, passedMs, runs });
  }
  return tests;
}

/** Runs with the plan's release in its environments, the newest first. */
export async function runsSince(
  db: Database,
  { row: { id: plan }, version: { document } }: KnownPlan,
  environments: readonly PlanEnvironment[],
  sinceMs: number,
): Promise<SeenTestRun[]> {
  const rows = await db
    .selectFrom('job_runs as r')
    .leftJoin('hosts as h', 'h.id', 'r.host')
    .select(['r.id', 'r.environment', 'r.component', 'r.job', 'r.host', 'r.state', 'r.ordered_ms', 'r.plan'])
    .select(['h.name', 'h.environment as place', 'h.retired', 'h.revoked_ms'])
    .where(
      'r.environment',
      'in',
      environments.map(({ environment }) => environment as string),
    )
    .where('r.release', '=', document.release)
    .where('r.preflight_of', 'is', null)
    .where('r.ordered_ms', '>=', sinceMs)
    .orderBy('r.ordered_ms', 'desc')
    .orderBy('r.id')
    .execute();
  return rows.map(({ id, environment, component, job, host, state, ...row }) => ({
    id,
    environment,
    component,
    job,
    host: {
      id: host,
      name: row.name ?? host,
      isGone: row.place !== environment || row.retired === 1 || row.revoked_ms !== null,
    },
    state,
    orderedMs: row.ordered_ms,
    isOwn: row.plan === plan,
  }));
}
