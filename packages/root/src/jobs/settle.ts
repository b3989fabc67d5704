import { XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { type JobRun, jobRuns, openStates } from './rows.ts';

/** What the audit log says of a run. */
const named = [
  'r.id',
  'r.environment',
  'r.host',
  'r.component',
  'r.version',
  'r.job',
  'r.note',
  'r.preflight_of',
] as const;
type LostRun = Pick<JobRun, 'id' | 'environment' | 'host' | 'component' | 'version' | 'job' | 'preflight_of'>;

/** Beyond the time that its program has: for the way there and back, and a host that is away for a while. */
export const silentMs = 3_600_000;

/**
 * Calls lost what nobody will hear of: hosts that are gone, and those that were silent for too long. Their orders leave
 * the host map. Nothing is decided while a restore is not confirmed.
 */
export async function settleJobs(
  root: Pick<Root, 'db' | 'clock' | 'directing' | 'deploying' | 'restored'>,
): Promise<void> {
  const { db, clock, directing, deploying, restored } = root;
  if (restored.isRestored()) return;
  const nowMs = clock.now();
  const due = await db
    .selectFrom('job_runs as r')
    .leftJoin('hosts as h', (join) =>
      join.onRef('h.id', '=', 'r.host').onRef('h.environment', '=', 'r.environment'),
    )
    .select([...named, 'h.retired', 'h.revoked_ms'])
    .where('r.state', 'in', openStates)
    .where((e) =>
      e.or([
        e('h.id', 'is', null),
        e('h.retired', '=', 1),
        e('h.revoked_ms', 'is not', null),
        e('r.deadline_ms', '<=', nowMs),
      ]),
    )
    .execute();
  const changed = new Set<string>();
  for (const run of due) {
    const isLost = await lose(db, run, { who: 'root server', why: reasonFor(run), nowMs });
    // An order to look beforehand stands on, for a late answer and what was fetched.
    if (isLost && run.preflight_of === null) changed.add(run.environment);
  }
  for (const environment of changed) {
    await directing.publish(environment);
    deploying.wakePlans(environment);
  }
}

function reasonFor(run: {
  readonly note: string | null;
  /** Null: it is not in this environment. */
  readonly retired: number | null;
  readonly revoked_ms: number | null;
}): string {
  if (run.retired === null) return 'Its host left the environment.';
  if (run.retired === 1) return 'Its host was retired.';
  if (run.revoked_ms !== null) return 'Its host was revoked.';
  const last = run.note === null ? '' : ` The last that it said: ${run.note}`;
  return `Nothing was heard of its end in time.${last}`;
}

/**
 * Takes an order back: its host ends what runs for it.
 * @throws XylemError E_CONFLICT when it has ended
 */
export async function stopJob(root: Root, who: string, run: JobRun, reason: string): Promise<void> {
  const why = `Taken back by ${who}: ${reason}`;
  if (!(await lose(root.db, run, { who, why, nowMs: root.clock.now() })))
    throw new XylemError('E_CONFLICT', `The run ${run.id} has ended already.`);
  await root.directing.publish(run.environment);
  root.deploying.wakePlans(run.environment);
}

/**
 * Takes back what a plan ordered and what is not over, in the transaction that stops it.
 * @returns environments in which there was something
 */
export async function takeBackJobsOf(
  trx: Database,
  plan: string,
  { who, nowMs }: { readonly who: string; readonly nowMs: number },
): Promise<string[]> {
  const open = await jobRuns(trx, { plan, states: openStates });
  const why = `Taken back: the plan ${plan} was stopped.`;
  for (const run of open) await loseIn(trx, run, { who, why, nowMs });
  return [...new Set(open.map(({ environment }) => environment))];
}

interface Loss {
  readonly who: string;
  readonly why: string;
  readonly nowMs: number;
}

/** @returns false when it is not open any more */
async function lose(db: Database, run: LostRun, loss: Loss): Promise<boolean> {
  return await db.transaction().execute((trx) => loseIn(trx, run, loss));
}

async function loseIn(trx: Database, run: LostRun, { who, why, nowMs }: Loss): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('job_runs')
    .set({ state: 'lost', note: why, finished_ms: nowMs })
    .where('id', '=', run.id)
    .where('state', 'in', openStates)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  if (run.preflight_of !== null) return true;
  const { host, component, version, job } = run;
  await appendAudit(trx, nowMs, {
    who,
    what: who === 'root server' ? 'job.lost' : 'job.stop',
    subject: `job/${run.id}`,
    environment: run.environment,
    after: { host, component, version, job, reason: why },
  });
  return true;
}
