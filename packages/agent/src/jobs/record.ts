import {
  type JobOrder,
  type JobReport,
  type JobResult,
  jobLimits,
  jobOutcomes,
  preflightJob,
  type Time,
  type XylemError,
} from '@xylem/core';
import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';

/** `jobs/<id>.json`: an order that was begun here. It is written before anything runs; what it says is never begun again. */
export interface JobRecord {
  readonly order: JobOrder;
  /** RFC 3339. */
  readonly begun: string;
  /** Null: it runs, or was cut off. */
  readonly result: JobResult | null;
}

export function jobRecordFile(path: string, log: Log): JsonFile<JobRecord> {
  return jsonFile(path, 'xylem-job-1', parse, log);
}

function parse({ order, begun, result }: Record<string, unknown>): JobRecord {
  const { id, component, job } = (order ?? {}) as JobOrder;
  if (![id, component, job, begun].every((text) => typeof text === 'string')) throw new Error('incomplete');
  const outcome = (result as JobResult | null)?.outcome;
  if (outcome !== undefined && !jobOutcomes.includes(outcome)) throw new Error('an unknown outcome');
  return { order: order as JobOrder, begun: begun as string, result: (result ?? null) as JobResult | null };
}

/** Where an order stands on this host. */
export type JobStanding =
  | { readonly kind: 'waiting'; readonly order: JobOrder; readonly since: string; readonly why: XylemError }
  | { readonly kind: 'running'; readonly order: JobOrder; readonly since: string }
  | {
      readonly kind: 'ended';
      readonly order: JobOrder;
      readonly since: string;
      readonly result: JobResult;
    };

/**
 * What a report says. Results beyond what one report holds are left for a later one, when the root server has taken back
 * the orders of the first: the order in which they ended is the order in which they are told. Pure.
 */
export function reportedJobs(standings: readonly JobStanding[]): JobReport[] {
  let leftBytes: number = jobLimits.report;
  const told = new Set<string>();
  for (const standing of [...standings].sort(bySince)) {
    if (standing.kind !== 'ended') continue;
    const sizeBytes = Buffer.byteLength(JSON.stringify(standing.result));
    // One alone always fits: what is kept of it is bounded.
    if (sizeBytes > leftBytes && told.size > 0) break;
    leftBytes -= sizeBytes;
    told.add(standing.order.id);
  }
  return standings.map((standing) => {
    const { id, component, job, package: digest } = standing.order;
    const same = { id, component, job, package: digest, state: standing.kind, since: standing.since as Time };
    if (standing.kind === 'waiting')
      return { ...same, code: standing.why.code, message: standing.why.message.slice(0, 2_000) };
    return standing.kind === 'ended' && told.has(id) ? { ...same, result: standing.result } : same;
  });
}

const isAhead = ({ order }: JobStanding): boolean => order.job === preflightJob;

/** What was looked at beforehand comes last: its orders may stand for days, and would keep a job from being told. */
const bySince = (a: JobStanding, b: JobStanding): number =>
  isAhead(a) !== isAhead(b)
    ? Number(isAhead(a)) - Number(isAhead(b))
    : a.since === b.since
      ? a.order.id < b.order.id
        ? -1
        : 1
      : a.since < b.since
        ? -1
        : 1;
