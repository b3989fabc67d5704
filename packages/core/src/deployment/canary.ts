import { type FailureEvent, noFailures, updateFailures } from '../statistics/failures.ts';
import { failureMetric, judge, requestMetric } from '../statistics/judge.ts';
import { admissions } from './admissions.ts';
import { marking } from './apply.ts';
import { type Course, stepAt } from './course.ts';
import type {
  Advance,
  AdvancePolicy,
  CanaryState,
  Decision,
  Deployment,
  HostEvidence,
  Judging,
  Progress,
} from './deployment.ts';
import { initialThreshold } from './deployment.ts';
import {
  type Figures,
  figuresWanted,
  isMeasured,
  leftStep,
  lookDue,
  lookWanted,
  measured,
  requestsOf,
} from './figures.ts';
import { frozenBy, keptOut } from './freeze.ts';
import { isBaking, limitOf } from './standing.ts';
import { cohortOf, namedStrata } from './strata.ts';
import {
  byStratum,
  hasFailedBefore,
  inTurn,
  isAdmitted,
  isEligible,
  mostUnavailable,
  progressOf,
  skippedOf,
  type Turn,
} from './turns.ts';
import { seenOf, seenOfAdmitted } from './watching.ts';
import { hosts as hostsText, nobodyText, skippedText } from './words.ts';

const hostFailures = 'host failures';

/** All that a canary is judged by, whether it has said something yet or not. */
export function metricsOf({ metrics = [] }: Judging, canary: CanaryState) {
  return [
    failureMetric({ name: hostFailures, weight: 1, minExposed: 1 }, test, canary.failures),
    ...metrics.map((one) =>
      requestMetric({ name: one.name, weight: 1, minExposed: 1 }, one.test, requestsOf(canary, one)),
    ),
  ];
}

/** What hosts are compared with: those that are not admitted yet, at the same time. */
const test = { kind: 'controls' } as const;

/**
 * The next decisions of a canary that runs, or is paused after it had begun. Marks of hosts come first and count at
 * once; then it fails, or passes a step, or asks, or admits more hosts of the present step. While it is paused there
 * are marks alone: a failure that passes before it goes on has been seen. While a freeze holds it up it neither passes a
 * step nor admits.
 */
export function advanceJudged(
  deployment: Deployment,
  course: Course,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
  figures?: Figures,
): Advance {
  const before = inTurn(deployment, evidence, now, policy);
  const gone = evidence.filter((host) => !isEligible(host));
  const skipped = skippedOf(evidence);
  const strata =
    deployment.strata ??
    (course.per === undefined
      ? {}
      : namedStrata(
          before.map(({ host }) => host),
          initialThreshold(deployment.kind),
        ));
  const stratumOf = ({ stratum }: HostEvidence): string => cohortOf({ strata }, stratum) ?? '';
  const seen = seenOf(course, before, gone, stratumOf, now, policy);
  const after = marking(seen.marks, now);
  const turns = before.map((turn) => {
    const host = after(turn.host);
    return host === turn.host ? turn : { ...turn, host };
  });
  const known = deployment.canary ?? begun(now);
  const { canary, fault } = measured(course, withEvents(known, seen.events), turns, stratumOf, figures, now);
  const progress = progressOf(deployment, turns, skipped, now, policy);
  const { verdict, reason, outcome } = judged(
    deployment,
    course,
    canary,
    turns,
    skipped,
    progress,
    now,
    fault,
  );
  const marked = (next: CanaryState, why: string | null): Decision[] =>
    next === deployment.canary ? [...seen.marks] : [...seen.marks, canaryDecision(next, why)];
  /** What sources are asked, and when time alone says something. */
  const awaited = (): Pick<Advance, 'wants' | 'due'> => {
    const isPassing = outcome === 'measure' && deployment.state === 'running';
    const wants = isPassing ? figuresWanted(course, canary, now) : lookWanted(course, canary, turns, now);
    const due = lookDue(course, canary, turns, now);
    return { ...(wants === null ? {} : { wants }), ...(due === null ? {} : { due }) };
  };
  if (deployment.state === 'paused') {
    const why = deployment.reason ?? reason;
    return { decisions: marked(canary, null), progress, verdict, reason: why, ...awaited() };
  }
  const frozen = frozenBy(deployment, policy);
  if (frozen !== null && (outcome === 'next' || outcome === 'stay' || outcome === 'measure')) {
    // What hosts show counts all the same. One that has not begun begins after the freeze.
    const decisions =
      deployment.canary === undefined ? [] : [...marked(canary, null), ...keptOut(deployment, turns)];
    return { decisions, progress, verdict, reason: `${frozen} ${reason}`, ...awaited() };
  }
  switch (outcome) {
    case 'fail':
      return {
        decisions: [...marked(canary, null), { kind: 'end', state: 'failed', reason }],
        progress,
        verdict,
        reason,
      };
    case 'pass':
      return {
        decisions: [...marked(canary, null), { kind: 'end', state: 'succeeded', reason }],
        progress,
        verdict,
        reason,
      };
    case 'ask':
      return { decisions: [...marked(canary, null), { kind: 'ask', reason }], progress, verdict, reason };
    case 'next': {
      const { asked: _, ...rest } = leftStep(course, canary);
      const next = { ...rest, step: canary.step + 1, since: now };
      return {
        decisions: marked(next, `${reason} ${stepOf(course, next.step, turns).text}.`),
        progress,
        verdict,
        reason,
      };
    }
    case 'measure':
    case 'stay': {
      const { exposes, isLast, text } = stepOf(course, canary.step, turns);
      const admitted = admissions(deployment, turns, now, policy, { of: exposes, isEveryone: isLast });
      const entered = seenOfAdmitted(turns, admitted, now);
      const next = withEvents(canary, entered.events);
      const first = deployment.canary === undefined ? `${text}.` : null;
      return {
        decisions: [...marked(next, first), ...admitted, ...entered.marks],
        progress,
        verdict,
        reason,
        ...awaited(),
      };
    }
  }
}

/** What a canary shows that has not begun, or has ended. */
export function verdictOfJudged(
  deployment: Deployment,
  course: Course,
  turns: readonly Turn[],
  skipped: readonly HostEvidence[],
  progress: Progress,
  now: number,
) {
  return judged(deployment, course, deployment.canary ?? begun(now), turns, skipped, progress, now);
}

/** Of so many exposed hosts one may have failed without a person being asked. */
const toleratedOneOf = 10;

type Outcome = 'fail' | 'pass' | 'next' | 'ask' | 'stay' | 'measure';

function judged(
  { kind }: Deployment,
  course: Course,
  canary: CanaryState,
  turns: readonly Turn[],
  skipped: readonly HostEvidence[],
  progress: Progress,
  now: number,
  fault: string | null = null,
): { verdict: Advance['verdict']; reason: string; outcome: Outcome } {
  const { eligible, updating, waiting, offline } = progress;
  if (eligible === 0) return { verdict: 'no data', reason: nobodyText(progress), outcome: 'stay' };
  const exposed = turns.filter(({ host }) => isAdmitted(host));
  // Whom a person skipped or let try again after it had failed has been exposed, and has failed.
  const back = turns.filter(({ host }) => !isAdmitted(host) && hasFailedBefore(host)).length;
  const lost = skipped.filter(hasFailedBefore).length + back;
  const failed = exposed.filter(({ host }) => hasFailedBefore(host)).length + lost;
  const everExposed = exposed.length + lost;
  const limit = hardLimit(course, turns);
  if (failed > limit) {
    const reason = `${hostsText(failed)} of ${everExposed} exposed failed or fell silent; at most ${limit} may.`;
    return { verdict: 'fail', reason, outcome: 'fail' };
  }
  const { failures } = canary;
  const judgement = judge(metricsOf(course, canary), course.alpha);
  const worse = judgement.metrics.filter((one) => one.verdict === 'fail');
  if (worse.length > 0 && worse.every(({ name }) => name !== hostFailures)) {
    const reason = `${hostsText(exposed.length)} exposed. ${judgement.reason}`;
    return { verdict: 'fail', reason, outcome: 'fail' };
  }
  if (worse.length > 0) {
    const reason =
      `${hostsText(outcomeCount(failures.exposed))} of ${failures.exposed.entered} exposed failed or fell silent, and ` +
      `${outcomeCount(failures.control)} of ${failures.control.entered} while they were not exposed. ${judgement.reason}`;
    return { verdict: 'fail', reason, outcome: 'fail' };
  }
  const baked = exposed.filter(
    ({ host, standing }) => standing === 'done' && !isBaking(course, host, now),
  ).length;
  const baking = progress.baking ?? 0;
  const { exposes, isLast, text } = stepOf(course, canary.step, turns);
  const lacking = [...byStratum(turns).values()].some((one) => one.admitted < exposes(one.eligible));
  const mayStillCome =
    lacking && waiting > offline && updating + progress.failed + progress.silent < progress.maxUnavailable;
  const wanted = Math.min(course.minimumExposure, eligible);
  const few = baked === 0 || baked < wanted;
  // Too few to be told from chance, and too many to go on by itself.
  const many = failed * toleratedOneOf > everExposed;
  const enough = (!few && !many) || canary.asked === 'waived';
  const parts = [
    `${baked} of ${exposed.length} exposed baked`,
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
    const baked = Math.max(0, ...exposed.map(({ host }) => host.doneAt ?? 0));
    const asks = fault !== null && course.onNoData === 'ask' && now - baked >= 2 * course.bakeSeconds * 1000;
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

function hardLimit(course: Course, turns: readonly Turn[]): number {
  return course.maxFailed === undefined
    ? mostUnavailable(course, byStratum(turns)) - 1
    : limitOf(course.maxFailed, turns.length);
}

function begun(now: number): CanaryState {
  return { began: now, step: 0, since: now, failures: noFailures(test) };
}

function withEvents(canary: CanaryState, events: readonly FailureEvent[]): CanaryState {
  return events.length === 0
    ? canary
    : { ...canary, failures: updateFailures(test, canary.failures, events) };
}

const canaryDecision = (canary: CanaryState, reason: string | null): Decision => ({
  kind: 'canary',
  canary,
  reason,
});

const stepOf = (course: Course, step: number, turns: readonly Turn[]) =>
  stepAt(
    course,
    step,
    [...byStratum(turns).values()].map(({ eligible }) => eligible),
  );
