import { failureMetric, judge, requestMetric } from '../statistics/judge.ts';
import { type Counts, hasFailedBefore, isAdmitted, mostUnavailable } from './counts.ts';
import type { Course, CourseStep } from './course.ts';
import type { CanaryState, Deployment, HostEvidence, Judging, Progress, Verdict } from './deployment.ts';
import { isMeasured, requestsOf } from './figures.ts';
import { limitOf } from './standing.ts';
import type { Turns } from './turns.ts';
import { hosts as hostsText, nobodyText, skippedText } from './words.ts';

const hostFailures = 'host failures';

/** All that a canary is judged by, whether it has said something yet or not. */
export function metricsOf({ metrics = [] }: Judging, canary: CanaryState) {
  return [
    failureMetric({ name: hostFailures, weight: 1, minExposed: 1 }, failureTest, canary.failures),
    ...metrics.map((one) =>
      requestMetric({ name: one.name, weight: 1, minExposed: 1 }, one.test, requestsOf(canary, one)),
    ),
  ];
}

/** What hosts are compared with: those that are not admitted yet, at the same time. */
export const failureTest = { kind: 'controls' } as const;

/** Of so many exposed hosts one may have failed without a person being asked. */
const toleratedOneOf = 10;

export interface Judged {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly outcome: Outcome;
}
type Outcome = 'fail' | 'pass' | 'next' | 'ask' | 'stay' | 'measure';

/**
 * What the evidence says of a step.
 * @param turns the hosts that it is about
 * @param skipped of them, whom people took out
 * @param fault why its figures can't be had
 */
export function judged(
  { kind }: Pick<Deployment, 'kind'>,
  course: Course,
  canary: CanaryState,
  turns: Turns,
  skipped: readonly HostEvidence[],
  progress: Progress,
  { exposes, isLast, text }: CourseStep,
  now: number,
  fault: string | null = null,
): Judged {
  const { eligible, updating, waiting, offline } = progress;
  if (eligible === 0) return { verdict: 'no data', reason: nobodyText(progress), outcome: 'stay' };
  const { admitted: exposed, baked, failedExposed, failedBack, strata } = turns.counts;
  // Whom a person skipped or let try again after it had failed has been exposed, and has failed.
  const lost = skipped.filter(hasFailedBefore).length + failedBack;
  const failed = failedExposed + lost;
  const everExposed = exposed + lost;
  const limit = hardLimit(course, turns.counts);
  if (failed > limit) {
    const reason = `${hostsText(failed)} of ${everExposed} exposed failed or fell silent; at most ${limit} may.`;
    return { verdict: 'fail', reason, outcome: 'fail' };
  }
  const { failures } = canary;
  const judgement = judge(metricsOf(course, canary), course.alpha);
  const worse = judgement.metrics.filter((one) => one.verdict === 'fail');
  if (worse.length > 0 && worse.every(({ name }) => name !== hostFailures)) {
    const reason = `${hostsText(exposed)} exposed. ${judgement.reason}`;
    return { verdict: 'fail', reason, outcome: 'fail' };
  }
  if (worse.length > 0) {
    const reason =
      `${hostsText(outcomeCount(failures.exposed))} of ${failures.exposed.entered} exposed failed or fell silent, and ` +
      `${outcomeCount(failures.control)} of ${failures.control.entered} while they were not exposed. ${judgement.reason}`;
    return { verdict: 'fail', reason, outcome: 'fail' };
  }
  const baking = progress.baking ?? 0;
  const lacking = [...strata.values()].some((one) => one.admitted < exposes(one.eligible));
  const mayStillCome =
    lacking && waiting > offline && updating + progress.failed + progress.silent < progress.maxUnavailable;
  const wanted = Math.min(course.minimumExposure, eligible);
  const few = baked === 0 || baked < wanted;
  // Too few to be told from chance, and too many to go on by itself.
  const many = failed * toleratedOneOf > everExposed;
  const enough = (!few && !many) || canary.asked === 'waived';
  const parts = [
    `${baked} of ${exposed} exposed baked`,
    baking > 0 ? `${baking} baking` : '',
    updating > progress.keptBack ? `${updating - progress.keptBack} updating` : '',
    progress.keptBack > 0
      ? `${progress.keptBack} not before their window, freeze, quota, lock or database allows it`
      : '',
    failed > 0 ? `${failed} failed or fell silent` : '',
    waiting > offline ? `${waiting - offline} waiting for their turn` : '',
    offline > 0 ? `${offline} offline, held until they return` : '',
    skippedText(progress),
  ].filter((part) => part !== '');
  const counts = `${text}: ${parts.join(', ')}`;
  const verdict = baked + failed === 0 ? ('no data' as const) : ('inconclusive' as const);
  if (updating > 0 || baking > 0 || mayStillCome) return { verdict, reason: `${counts}.`, outcome: 'stay' };
  if (!enough) {
    const missing = few
      ? `No data: ${hostsText(wanted)} must have baked and ${baked} ${baked === 1 ? 'has' : 'have'}`
      : `Inconclusive: ${failed} of ${everExposed} exposed failed or fell silent, too few to tell from chance and too many to go on`;
    const waited = now - canary.since >= course.bakeSeconds * 1000;
    const asks = course.onNoData === 'ask' && waited;
    const reason = asks
      ? `${counts}. ${missing}. Look at the hosts, then go on (xylem deployment resume), or back (xylem rollback).`
      : `${counts}. ${missing}.`;
    return { verdict: few ? 'no data' : 'inconclusive', reason, outcome: asks ? 'ask' : 'stay' };
  }
  const passed = !isLast ? !lacking || waiting <= offline : waiting === 0;
  if (passed && !isMeasured(course, canary, turns)) {
    const asks =
      fault !== null && course.onNoData === 'ask' && now - lastDone(turns) >= 2 * course.bakeSeconds * 1000;
    const missing = fault === null ? 'Waits for figures' : `No data: ${fault}`;
    const advice = asks
      ? ' See that they can be had, then go on with what there is (xylem deployment resume), or back (xylem rollback).'
      : '';
    const reason = `${counts}. ${missing.replace(/\.$/, '')}.${advice}`;
    return { verdict: 'no data', reason, outcome: asks ? 'ask' : 'measure' };
  }
  if (!isLast) {
    // A step whose hosts can't come because those before them failed stands where it is.
    const isFull = !lacking || waiting <= offline;
    return isFull
      ? { verdict: 'pass', reason: `${counts}.`, outcome: 'next' }
      : {
          verdict,
          reason: `${counts}; at most ${progress.maxUnavailable} may be unavailable at once.`,
          outcome: 'stay',
        };
  }
  if (waiting > 0) {
    const full = waiting > offline ? `; at most ${progress.maxUnavailable} may be unavailable at once` : '';
    return { verdict, reason: `${counts}${full}.`, outcome: 'stay' };
  }
  const what = kind === 'undeploy' ? 'no longer run it' : 'run it and have stayed healthy';
  const but = failed > 0 ? `; ${failed} failed, which is not more than without the release` : '';
  const reason = `${hostsText(baked)} ${what}${but}${skippedText(progress, '; ')}.`;
  return { verdict: 'pass', reason, outcome: 'pass' };
}

const outcomeCount = ({ failed, silent }: { failed: number; silent: number }): number => failed + silent;

/** When the last of the exposed hosts was first seen done. */
const lastDone = (turns: Turns): number =>
  turns.all().reduce((last, { host }) => (isAdmitted(host) ? Math.max(last, host.doneAt ?? 0) : last), 0);

function hardLimit(course: Course, { eligible, strata }: Counts): number {
  return course.maxFailed === undefined
    ? mostUnavailable(course, strata) - 1
    : limitOf(course.maxFailed, eligible);
}
