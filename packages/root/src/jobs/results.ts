import type { JunitSummary } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type JobState, jobRuns } from './rows.ts';

/** What became of one run, for gates: whoever asks decides what counts. */
export interface JobVerdict {
  readonly id: string;
  readonly host: string;
  readonly component: string;
  readonly job: string;
  /** Only `passed` is evidence that something works; `lost`, `refused` and `interrupted` say nothing. */
  readonly state: JobState;
  readonly orderedMs: number;
  /** By this root server's clock; null: it stands open. */
  readonly finishedMs: number | null;
  readonly junit: JunitSummary | null;
}

/**
 * What jobs said of a release in an environment, the newest first: those that were ordered while that release was what
 * is directed there. Each is a host's signed word (`xylem job show ID --report`).
 */
export async function jobResults(
  db: Database,
  wanted: {
    /** Digest. */
    readonly release: string;
    /** Its id. */
    readonly environment: string;
    readonly component?: string;
    readonly job?: string;
  },
): Promise<JobVerdict[]> {
  const { environment, ...rest } = wanted;
  return (await jobRuns(db, { ...rest, environments: [environment], ofInstalled: true })).map((run) => ({
    id: run.id,
    host: run.host,
    component: run.component,
    job: run.job,
    state: run.state,
    orderedMs: run.ordered_ms,
    finishedMs: run.finished_ms,
    junit: run.result?.junit?.summary ?? null,
  }));
}
