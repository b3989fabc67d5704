import { chown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fillPlaceholders,
  type Job,
  type JobOrder,
  type JobResult,
  jobLimits,
  jobTimeoutDefaultMs,
  timeOf,
  type XylemError,
} from '@xylem/core';
import { runForComponent } from '../commands/component-run.ts';
import { lastWords } from '../commands/record.ts';
import type { ProgramEnd } from '../commands/run.ts';
import { codedFault } from '../converge/faults.ts';
import type { DriverTools } from '../drivers/driver.ts';
import { openTo } from '../drivers/service/own-user.ts';
import { placesOf } from '../drivers/service/places.ts';
import { commandOf } from '../drivers/service/spec.ts';
import type { Placed } from '../slot/placed.ts';
import { accountOf } from '../supervisor/account.ts';
import { junitOf, logsOf, tailOf } from './collect.ts';

export type JobTools = Pick<DriverTools, 'layout' | 'node' | 'clock' | 'log' | 'signal'>;

/**
 * Runs a job to its end, or to the end of its time, in a folder of its own that goes with it. Neither it nor what came
 * from it is left when this resolves or throws.
 * @throws the signal's reason when it was to end
 */
export async function runJob(order: JobOrder, job: Job, placed: Placed, tools: JobTools): Promise<JobResult> {
  const { component, version } = placed;
  const what = `${component} ${version}: its job ${order.job}`;
  const own = tools.layout.component(component);
  const started = { atMs: tools.clock.now(), monotonicMs: tools.clock.monotonicMs() };
  let account: ReturnType<typeof accountOf>;
  let run: { command: readonly string[]; environment: Record<string, string> };
  try {
    run = filled(order, job, placed, tools);
    const { user, group } = placed.document.service ?? {};
    account = accountOf({
      ...(user === undefined ? {} : { user }),
      ...(group === undefined ? {} : { group }),
    });
    await rm(own.job, { recursive: true, force: true });
    await mkdir(own.job, { recursive: true, mode: 0o700 });
    if (account !== null) {
      await openTo(account, tools.layout, component);
      await chown(own.job, account.uid, account.gid);
    }
  } catch (error) {
    tools.signal.throwIfAborted();
    const { code, message } = codedFault(error, what);
    return refused(code, message);
  }
  try {
    const end = await runForComponent(
      component,
      {
        what: `job ${order.job}`,
        ...run,
        workingFolder: own.tree(placed.tree),
        timeoutMs: job.timeoutMs ?? jobTimeoutDefaultMs,
        note: own.jobProgram,
        more: { account, outputBytes: jobLimits.output, leavesNothing: true },
      },
      tools,
    );
    const seconds = Math.max(0, Math.round((tools.clock.monotonicMs() - started.monotonicMs) / 1000));
    const same = { started: timeOf(started.atMs), seconds };
    return { ...same, ...(await judged(what, job, own.job, end)) };
  } finally {
    await rm(own.job, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Why it can't run here, ever. */
export function refused(code: string, message: string): JobResult {
  const none = { exitCode: null, output: { text: '', sizeBytes: 0 }, seconds: 0 };
  return { outcome: 'refused', ...none, code, message: message.slice(0, 2_000).toWellFormed() };
}

/** It was begun, and nobody knows how it would have ended. */
export function interrupted(why: string, begun?: string): JobResult {
  const none = { exitCode: null, output: { text: '', sizeBytes: 0 }, seconds: 0 };
  const started = begun === undefined ? {} : { started: begun as NonNullable<JobResult['started']> };
  return {
    outcome: 'interrupted',
    ...none,
    ...started,
    code: 'E_JOB_INTERRUPTED',
    message: why.slice(0, 2_000).toWellFormed(),
  };
}

function filled(
  { id, job: name }: JobOrder,
  job: Job,
  placed: Placed,
  tools: JobTools,
): { command: readonly string[]; environment: Record<string, string> } {
  const places = placesOf(placed, tools);
  const { job: folder, data } = tools.layout.component(placed.component);
  const variables = Object.entries(job.environment ?? {}).map(
    ([variable, text]) => [variable, fillPlaceholders(text, places)] as const,
  );
  return {
    command: commandOf(job.command, placed, tools),
    environment: {
      TMPDIR: folder,
      ...Object.fromEntries(variables),
      XYLEM_COMPONENT: placed.component,
      XYLEM_VERSION: placed.version,
      XYLEM_DATA: data,
      XYLEM_JOB: name,
      XYLEM_JOB_ID: id,
      XYLEM_JOB_FOLDER: folder,
    },
  };
}

type Judged = Omit<JobResult, 'started' | 'seconds'>;

/** It passed if it ended with 0 and, where it promises a JUnit file, that is there and nothing in it failed. */
async function judged(what: string, job: Job, folder: string, end: ProgramEnd): Promise<Judged> {
  const logs = await logsOf(folder, job);
  const same = {
    exitCode: end.code,
    ...(end.signal === null ? {} : { signal: end.signal }),
    output: { text: tailOf(end.output, jobLimits.output), sizeBytes: end.outputSizeBytes },
    ...(logs.length === 0 ? {} : { logs }),
  };
  let junit: JobResult['junit'];
  let unread: XylemError | null = null;
  if (job.junit !== undefined) {
    try {
      junit = await junitOf(folder, job.junit);
    } catch (error) {
      unread = codedFault(error, `reading ${join(folder, job.junit)}`);
    }
  }
  const withJunit = { ...same, ...(junit === undefined ? {} : { junit }) };
  const failed = (code: string, message: string): Judged => ({
    outcome: end.isLate ? 'timed-out' : 'failed',
    ...withJunit,
    code,
    message: message.slice(0, 2_000).toWellFormed(),
  });
  if (end.fault !== null) {
    const said = lastWords(end.output, 500);
    return failed(
      'E_JOB_FAILED',
      `${what} ${end.fault}. ${said === '' ? 'It printed nothing.' : `It said: ${said}`}`,
    );
  }
  if (unread !== null) return failed(unread.code, `${what} ended with 0. ${unread.message}`);
  const { failures = 0, errors = 0, tests = 0, failed: named = [] } = junit?.summary ?? {};
  if (failures + errors > 0) {
    const first = named[0] === undefined ? '' : ` The first: ${named[0].name.slice(0, 200)}.`;
    return failed(
      'E_JOB_FAILED',
      `${what} ended with 0, and ${failures + errors} of ${tests} tests failed.${first}`,
    );
  }
  return { outcome: 'passed', ...withJunit };
}
