import { zstdDecompressSync } from 'node:zlib';
import { limits, timeOf } from '@xylem/core';
import type { JobDetail, JobRun as Shown } from '../api/schemas/index.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import type { JobRun } from './rows.ts';

/** Base64 takes a third more than what was signed, and the envelope has a frame. */
const mostEnvelope = limits.report * 2;

export async function showJobs({ db }: { readonly db: Database }, runs: readonly JobRun[]): Promise<Shown[]> {
  if (runs.length === 0) return [];
  const environments = new Map((await allEnvironments(db)).map((row) => [row.id, refOf(row)]));
  const hosts = await db
    .selectFrom('hosts')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(runs.map(({ host }) => host))])
    .execute();
  const names = new Map(hosts.map(({ id, name }) => [id, name]));
  return runs.flatMap((run): Shown[] => {
    const environment = environments.get(run.environment);
    if (environment === undefined) return [];
    const { id, product, component, version, job, state, note, result } = run;
    return [
      {
        id,
        environment,
        product,
        component,
        version,
        package: run.package,
        release: run.release,
        job,
        host: { id: run.host, name: names.get(run.host) ?? run.host },
        state,
        note,
        by: run.ordered_by,
        ordered: timeOf(run.ordered_ms),
        started: run.started_ms === null ? null : timeOf(run.started_ms),
        finished: run.finished_ms === null ? null : timeOf(run.finished_ms),
        seconds: result?.seconds ?? null,
        exitCode: result?.exitCode ?? null,
        tests: junitOf(result),
      },
    ];
  });
}

function junitOf(result: JobRun['result']): Shown['tests'] {
  const summary = result?.junit?.summary;
  if (summary === undefined) return null;
  return { ...summary, failed: summary.failed.map((one) => ({ ...one })) };
}

export async function showJob(root: Pick<Root, 'db'>, run: JobRun): Promise<JobDetail> {
  const [shown] = await showJobs(root, [run]);
  if (shown === undefined) throw new Error('a run of an environment that is not there');
  const { result } = run;
  const row = await root.db
    .selectFrom('job_runs')
    .select('report')
    .where('id', '=', run.id)
    .executeTakeFirst();
  const report = row?.report ?? null;
  const junit = result?.junit;
  return {
    ...shown,
    signal: result?.signal ?? null,
    output: result === null ? null : { ...result.output },
    junit:
      junit === undefined
        ? null
        : { digest: junit.digest, sizeBytes: junit.sizeBytes, text: junit.text ?? null },
    logs: (result?.logs ?? []).map(({ path, kept }) => ({ path, ...kept })),
    report:
      report === null ? null : zstdDecompressSync(report, { maxOutputLength: mostEnvelope }).toString('utf8'),
  };
}
