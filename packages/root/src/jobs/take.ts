import { zstdCompressSync } from 'node:zlib';
import { type JobReport, jobTimeoutDefaultMs, type Report, timeMs, withoutTexts } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import { type JobRun, type JobState, jobRuns, openStates } from './rows.ts';
import { silentMs } from './settle.ts';

export interface TakeJobs {
  readonly nowMs: number;
  /** The envelope of the report as it came. */
  readonly envelope: object;
  /** This root server may have forgotten what it ordered. */
  readonly isRestored: boolean;
}

/**
 * Takes what a host says of its jobs, in the transaction that takes its report: with the watermark the result is
 * durable. Only what was ordered of this host counts, and the first end of each.
 */
export async function takeJobs(trx: Database, report: Report, how: TakeJobs): Promise<void> {
  const { host, environment, jobs = [] } = report;
  if (jobs.length === 0) return;
  const rows = await jobRuns(trx, { ids: jobs.map(({ id }) => id) });
  for (const said of jobs) {
    const row = rows.find(({ id }) => id === said.id);
    if (row === undefined) {
      if (how.isRestored && said.result !== undefined) await takeFound(trx, report, said, how);
      continue;
    }
    const isMeant =
      row.host === host &&
      row.environment === environment &&
      row.component === said.component &&
      row.job === said.job &&
      row.package === said.package;
    // A lost run is one of which nobody knows; its end may still be told.
    if (!isMeant || ![...openStates, 'lost'].includes(row.state)) continue;
    if (said.result !== undefined) await takeEnd(trx, row, said, how);
    else if (row.state !== 'lost') await takeStanding(trx, row, said, how.nowMs);
  }
}

async function takeEnd(trx: Database, row: JobRun, said: JobReport, how: TakeJobs): Promise<void> {
  const { result } = said;
  if (result === undefined) return;
  const { numUpdatedRows } = await trx
    .updateTable('job_runs')
    .set({ ...endOf(result, how), note: result.message ?? null })
    .where('id', '=', row.id)
    .where('state', '=', row.state)
    .executeTakeFirst();
  // Of what thousands of hosts say beforehand the plan keeps the account.
  if (numUpdatedRows > 0n && row.preflight_of === null)
    await noteEnd(trx, row, result.outcome, said, how.nowMs);
}

function endOf(result: JobReport['result'] & object, { nowMs, envelope }: TakeJobs) {
  return {
    state: result.outcome,
    started_ms: result.started === undefined ? null : timeMs(result.started),
    finished_ms: nowMs,
    result: JSON.stringify(result),
    report: zstdCompressSync(JSON.stringify(envelope)),
  };
}

async function noteEnd(
  trx: Database,
  {
    id,
    host,
    environment,
    component,
    version,
    job,
  }: Pick<JobRun, 'id' | 'host' | 'environment' | 'component' | 'version' | 'job'>,
  state: JobState,
  { result }: JobReport,
  nowMs: number,
): Promise<void> {
  await appendAudit(trx, nowMs, {
    who: `host/${host}`,
    what: `job.${state}`,
    subject: `job/${id}`,
    environment,
    after: { host, component, version, job, exitCode: result?.exitCode ?? null, code: result?.code ?? null },
  });
}

async function takeStanding(trx: Database, row: JobRun, said: JobReport, nowMs: number): Promise<void> {
  const begins = said.state !== 'waiting' && row.state === 'ordered';
  const note = said.message ?? null;
  if (!begins && note === row.note) return;
  const begun = {
    state: 'running',
    started_ms: timeMs(said.since),
    deadline_ms: Math.max(row.deadline_ms, nowMs + row.timeout_ms + silentMs),
  };
  await trx
    .updateTable('job_runs')
    .set({ note, ...(begins ? begun : {}) })
    .where('id', '=', row.id)
    .where('state', '=', row.state)
    .execute();
}

/** Ordered after the backup was taken. */
async function takeFound(
  trx: Database,
  { host, environment }: Report,
  said: JobReport,
  how: TakeJobs,
): Promise<void> {
  const known = await trx
    .selectFrom('packages')
    .select(['product', 'version'])
    .where('package', '=', said.package)
    .where('component', '=', said.component)
    .executeTakeFirst();
  if (known === undefined || said.result === undefined) return;
  const { id, component, job, package: digest, result } = said;
  const run = { id, environment, ...known, component, package: digest, release: null, job, host };
  await trx
    .insertInto('job_runs')
    .values({
      ...run,
      stopped: 0,
      preflight_of: null,
      preflight_stands: null,
      note: result.message ?? null,
      ordered_by: 'found after a restore',
      plan: null,
      ordered_ms: how.nowMs,
      timeout_ms: jobTimeoutDefaultMs,
      deadline_ms: how.nowMs,
      ...endOf(result, how),
    })
    .onConflict((c) => c.column('id').doNothing())
    .execute();
  await noteEnd(trx, run, result.outcome, said, how.nowMs);
}

/** A report as it is kept: what jobs printed lies with their runs. Pure. */
export function withoutJobTexts(report: Report): Report {
  if (report.jobs === undefined) return report;
  const jobs = report.jobs.map((one) =>
    one.result === undefined ? one : { ...one, result: withoutTexts(one.result) },
  );
  return { ...report, jobs };
}
