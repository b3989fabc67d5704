import { array, boolean, integer, nullable, object, oneOf, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import * as f from './fields.ts';
import { jobFile, mostJobLogs } from './package/jobs.ts';

/** docs/spec/jobs.md: what direction orders of one host, and what that host reports of it. */

const jobId = string({ title: 'an order (32 hexadecimal digits)', pattern: '^[0-9a-f]{32}$' });

/** Of one host at one time. */
export const mostJobOrders = 8;

export const jobOrderSchema = object(
  {
    id: jobId,
    component: f.name,
    job: f.name,
    /** Only where this is what is committed. */
    package: f.digest,
  },
  {
    /** Also where what is committed does not run. */
    stopped: boolean(),
  },
);
export type JobOrder = Static<typeof jobOrderSchema>;

/** Of one host at one time: the components of a release. */
export const mostPreflightOrders = 32;

/** A package that a host is to look at before it is directed: docs/spec/jobs.md, Beforehand. */
export const preflightOrderSchema = object({ id: jobId, component: f.name, package: f.digest });
export type PreflightOrder = Static<typeof preflightOrderSchema>;

/** What a report says as the `job` of such an order. */
export const preflightJob = 'preflight';

/** What of one job a report holds at most, as JSON in UTF-8. */
export const jobLimits = {
  /** The end of what it printed. */
  output: 64 * 1024,
  /** A JUnit file that is longer is read, and not carried. */
  junit: 256 * 1024,
  /** A JUnit file that is longer is not read. */
  junitFile: 8 * 1024 * 1024,
  /** The end of each file that it names as a log. */
  log: 16 * 1024,
  /** All jobs of one report together: what is over waits for a later one. */
  report: 512 * 1024,
} as const;

const count = integer({ title: 'a count', minimum: 0 });
const shortText = string({ maxLength: 1_000 });

export const mostFailedTests = 50;
const junitSummary = object({
  tests: count,
  failures: count,
  errors: count,
  skipped: count,
  /** The first of those that failed or had an error. */
  failed: array(object({ name: shortText, message: shortText }), { maxItems: mostFailedTests }),
});
export type JunitSummary = Static<typeof junitSummary>;

const keptText = object({ text: string({ maxLength: 512 * 1024 }), sizeBytes: f.sizeBytes });

export const jobOutcomes = ['passed', 'failed', 'timed-out', 'interrupted', 'refused'] as const;
export type JobOutcome = (typeof jobOutcomes)[number];

const result = object(
  {
    outcome: oneOf(...jobOutcomes),
    /** Null: it was ended, or never started. */
    exitCode: nullable(count),
    /** The end of both outputs; `sizeBytes`: of all that it printed. */
    output: keptText,
    seconds: count,
  },
  {
    /** Absent: it never started. */
    started: f.time,
    /** By which it ended. */
    signal: string({ maxLength: 32 }),
    /** Why it did not pass. */
    code: f.errorCodeText,
    message: f.message,
    junit: object(
      { digest: f.digest, sizeBytes: f.sizeBytes, summary: junitSummary },
      { text: string({ maxLength: 512 * 1024 }) },
    ),
    logs: array(object({ path: jobFile, kept: keptText }), { maxItems: mostJobLogs }),
  },
);
export type JobResult = Static<typeof result>;

export const jobReportSchema = object(
  {
    id: jobId,
    component: f.name,
    job: f.name,
    package: f.digest,
    /** `ended` without a result: that comes with a later report. */
    state: oneOf('waiting', 'running', 'ended'),
    since: f.time,
  },
  {
    /** Why it waits. */
    code: f.errorCodeText,
    message: f.message,
    result,
  },
);
export type JobReport = Static<typeof jobReportSchema>;

/** What is kept of a result for long: all but what was printed and written. Pure. */
export function withoutTexts({ logs: _logs, junit, ...result }: JobResult): JobResult {
  const { text: _text, ...read } = junit ?? {};
  return {
    ...result,
    output: { ...result.output, text: '' },
    ...(junit === undefined ? {} : { junit: read as JobResult['junit'] & object }),
  };
}
