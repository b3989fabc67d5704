import { isVerdict, type SeenTestRun } from '@xylem/core';
import type { PlanTestRun } from '../api/schemas/plans.ts';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments } from '../environments/names.ts';
import { jobRuns } from '../jobs/rows.ts';
import { showJobs } from '../jobs/show.ts';
import type { KnownPlan } from './rows.ts';
import { runsSince } from './tests.ts';

const mostRuns = 100;
const mostFailures = 3;

/** By environment, the newest run of each test of a stage on each host; those that did not pass come first. */
export async function shownTests(
  db: Database,
  known: KnownPlan,
  stage: number,
  within: Within,
): Promise<ReadonlyMap<string, PlanTestRun[]>> {
  const { environments = [], tests: wanted } = known.version.document.stages[stage] ?? {};
  const begun = await db
    .selectFrom('plan_tests')
    .select('begun_ms')
    .where('plan', '=', known.row.id)
    .where('stage', '=', stage)
    .executeTakeFirst();
  if (wanted === undefined || begun === undefined) return new Map();
  const read = new Set((await allEnvironments(db)).filter(within).map(({ id }) => id));
  const own = environments.filter(({ environment }) => read.has(environment));
  if (own.length === 0) return new Map();
  const newest = new Map<string, SeenTestRun>();
  for (const run of await runsSince(db, known, own, begun.begun_ms)) {
    const key = `${run.environment} ${run.component} ${run.job} ${run.host.id}`;
    const isNamed = wanted.jobs.some(({ component, job }) => run.component === component && run.job === job);
    if (isNamed && !newest.has(key)) newest.set(key, run);
  }
  const ids = [...newest.values()]
    .sort((a, b) => place(a) - place(b))
    .slice(0, mostRuns)
    .map(({ id }) => id);
  const runs = await showJobs({ db }, await jobRuns(db, { ids }));
  const found = new Map<string, PlanTestRun[]>();
  for (const one of ids) {
    const run = runs.find(({ id }) => id === one);
    if (run === undefined) continue;
    const { id, environment, component, job, host, state, note, exitCode, tests: said } = run;
    const tests = said === null ? null : { ...said, failed: said.failed.slice(0, mostFailures) };
    const before = found.get(environment.id) ?? [];
    found.set(environment.id, [...before, { id, component, job, host, state, note, exitCode, tests }]);
  }
  return found;
}

const place = (run: SeenTestRun): number => (run.state === 'passed' ? 2 : isVerdict(run) ? 0 : 1);
