import { type JobResult, jobOutcomes, XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';

export const jobStates = ['ordered', 'running', ...jobOutcomes, 'lost'] as const;
export type JobState = (typeof jobStates)[number];

/** While an order stands in the host map. */
export const openStates: readonly JobState[] = ['ordered', 'running'];

/** A run without what its host said word for word. */
export interface JobRun
  extends Omit<Selectable<Tables['job_runs']>, 'state' | 'result' | 'report' | 'preflight_stands'> {
  readonly state: JobState;
  readonly result: JobResult | null;
}

const columns = [
  'id',
  'environment',
  'product',
  'component',
  'version',
  'package',
  'release',
  'job',
  'host',
  'stopped',
  'preflight_of',
  'state',
  'note',
  'ordered_by',
  'plan',
  'ordered_ms',
  'timeout_ms',
  'deadline_ms',
  'started_ms',
  'finished_ms',
  'result',
] as const satisfies readonly (keyof Tables['job_runs'])[];

export interface JobsWanted {
  readonly environments?: readonly string[];
  readonly ids?: readonly string[];
  readonly release?: string;
  /** That ordered them by itself. */
  readonly plan?: string;
  readonly component?: string;
  readonly job?: string;
  readonly states?: readonly JobState[];
  readonly limit?: number;
  /** None that look beforehand for a plan. */
  readonly ofInstalled?: boolean;
}

/** Runs, the newest first. */
export async function jobRuns(db: Database, wanted: JobsWanted): Promise<JobRun[]> {
  const { environments, ids, release, plan, component, job, states, limit, ofInstalled } = wanted;
  if (environments?.length === 0 || ids?.length === 0) return [];
  let query = db.selectFrom('job_runs').select(columns).orderBy('ordered_ms', 'desc').orderBy('id');
  if (environments !== undefined) query = query.where('environment', 'in', environments);
  if (ids !== undefined) query = query.where('id', 'in', ids);
  if (release !== undefined) query = query.where('release', '=', release);
  if (plan !== undefined) query = query.where('plan', '=', plan);
  if (component !== undefined) query = query.where('component', '=', component);
  if (job !== undefined) query = query.where('job', '=', job);
  if (states !== undefined) query = query.where('state', 'in', states);
  if (ofInstalled === true) query = query.where('preflight_of', 'is', null);
  if (limit !== undefined) query = query.limit(limit);
  return (await query.execute()).map((row) => ({
    ...row,
    state: row.state as JobState,
    result: row.result === null ? null : (JSON.parse(row.result) as JobResult),
  }));
}

/** @throws XylemError E_NOT_FOUND; E_CONFLICT where a prefix fits several */
export async function jobRunNamed(db: Database, text: string): Promise<JobRun> {
  const rows = /^[0-9a-f]{4,32}$/.test(text)
    ? await db
        .selectFrom('job_runs')
        .select('id')
        .where('id', '>=', text)
        .where('id', '<', `${text}g`)
        .limit(2)
        .execute()
    : [];
  if (rows.length > 1) throw new XylemError('E_CONFLICT', `${text} fits several runs. Give the whole id.`);
  const [run] = await jobRuns(db, { ids: rows.map(({ id }) => id) });
  if (run === undefined) throw noJobRun(text);
  return run;
}

export const noJobRun = (text: string): XylemError =>
  new XylemError('E_NOT_FOUND', `There is no run of a job ${text}. See \`xylem job list\`.`);
