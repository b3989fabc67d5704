import { type FailureEvent, noFailures, updateFailures } from '../statistics/failures.ts';
import { failureMetric, judge, requestMetric } from '../statistics/judge.ts';
import { admissions } from './admissions.ts';
import { hostAfter } from './apply.ts';
import type {
  Advance,
  AdvancePolicy,
  CanaryState,
  CanaryStrategy,
  Decision,
  Deployment,
  HostEvidence,
  Progress,
} from './deployment.ts';
import { initialThreshold } from './deployment.ts';
import { type Figures, figuresWanted, isMeasured, measured, requestsOf } from './figures.ts';
import { hostCount, isBaking, limitOf } from './standing.ts';
import { cohortOf, namedStrata } from './strata.ts';
import { byStratum, inTurn, isAdmitted, mostUnavailable, progressOf, type Turn } from './turns.ts';
import { seenOf, seenOfAdmitted } from './watching.ts';
import { hosts as hostsText } from './words.ts';

const hostFailures = 'host failures';

/** All that a canary is judged by, whether it has said something yet or not. */
export function metricsOf({ metrics = [] }: CanaryStrategy, canary: CanaryState) {
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
 * are marks alone: a failure that passes before it goes on has been seen.
 */
export function advanceCanary(
  deployment: Deployment,
  strategy: CanaryStrategy,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
  figures?: Figures,
): Advance {
  const before = inTurn(deployment, evidence, now, policy);
  const gone = evidence.filter(({ components }) => components.length === 0);
  const strata =
    deployment.strata ??
    (strategy.per === undefined
      ? {}
      : namedStrata(
          before.map(({ host }) => host),
          initialThreshold(deployment.kind),
        ));
  const stratumOf = ({ stratum }: HostEvidence): string => cohortOf({ strata }, stratum) ?? '';
  const seen = seenOf(strategy, before, gone, stratumOf, now, policy);
  const turns = before.map((turn) => ({ ...turn, host: hostAfter(turn.host, seen.marks, now) }));
  const known = deployment.canary ?? begun(now);
  const { canary, fault } = measured(strategy, withEvents(known, seen.events), turns, stratumOf, figures);
  const progress = progressOf(deployment, turns, now, policy);
  const { verdict, reason, outcome } = judged(deployment, strategy, canary, turns, progress, now, fault);
  const marked = (next: CanaryState, why: string | null): Decision[] =>
    next === deployment.canary ? [...seen.marks] : [...seen.marks, canaryDecision(next, why)];
  if (deployment.state === 'paused')
    return { decisions: marked(canary, null), progress, verdict, reason: deployment.reason ?? reason };
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
      const { asked: _, ...rest } = canary;
      const next = { ...rest, step: canary.step + 1, since: now };
      return {
        decisions: marked(next, `${reason} ${stepText(strategy, next.step)}`),
        progress,
        verdict,
        reason,
      };
    }
    case 'measure':
    case 'stay': {
      const share = strategy.steps[canary.step];
      const isEveryone = share === undefined;
      const of = (eligible: number): number => (isEveryone ? eligible : hostCount(share, eligible));
      const admitted = admissions(deployment, turns, now, policy, { of, isEveryone });
      const entered = seenOfAdmitted(turns, admitted, now);
      const next = withEvents(canary, entered.events);
      const first = deployment.canary === undefined ? stepText(strategy, 0) : null;
      return {
        decisions: [...marked(next, first), ...admitted, ...entered.marks],
        progress,
        verdict,
        reason,
        ...(outcome === 'measure' ? { wants: figuresWanted(strategy, canary, now) } : {}),
      };
    }
  }
}

/** What a canary shows that has not begun, or has ended. */
export function verdictOfCanary(
  deployment: Deployment,
  strategy: CanaryStrategy,
  turns: readonly Turn[],
  progress: Progress,
  now: number,
) {
  return judged(deployment, strategy, deployment.canary ?? begun(now), turns, progress, now);
}

/** Of so many exposed hosts one may have failed without a person being asked. */
const toleratedOneOf = 10;

type Outcome = 'fail' | 'pass' | 'next' | 'ask' | 'stay' | 'measure';

function judged(
  { kind }: Deployment,
  strategy: CanaryStrategy,
  canary: CanaryState,
  turns: readonly Turn[],
  progress: Progress,
  now: number,
  fault: string | null = null,
): { verdict: Advance['verdict']; reason: string; outcome: Outcome } {
  const { eligible, updating, waiting, offline } = progress;
  if (eligible === 0) return { verdict: 'no data', reason: 'No host is eligible yet.', outcome: 'stay' };
  const exposed = turns.filter(({ host }) => isAdmitted(host));
  const failed = exposed.filter(({ host }) => (host.failedAt ?? null) !== null).length;
  const limit = hardLimit(strategy, turns);
  if (failed > limit) {
    const reason = `${hostsText(failed)} of ${exposed.length} exposed failed or fell silent; at most ${limit} may.`;
    return { verdict: 'fail', reason, outcome: 'fail' };
  }
  const { failures } = canary;
  const judgement = judge(metricsOf(strategy, canary), strategy.alpha);
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
    ({ host, standing }) => standing === 'done' && !isBaking(strategy, host, now),
  ).length;
  const baking = progress.baking ?? 0;
  const share = strategy.steps[canary.step];
  const isEveryone = share === undefined;
  const lacking = [...byStratum(turns)].some(
    ([, one]) => one.admitted < (isEveryone ? one.eligible : hostCount(share, one.eligible)),
  );
  const mayStillCome =
    lacking && waiting > offline && updating + progress.failed + progress.silent < progress.maxUnavailable;
  const wanted = Math.min(strategy.minimumExposure, eligible);
  const few = baked === 0 || baked < wanted;
  // Too few to be told from chance, and too many to go on by itself.
  const many = failed * toleratedOneOf > exposed.length;
  const enough = (!few && !many) || canary.asked === 'waived';
  const parts = [
    `${baked} of ${exposed.length} exposed baked`,
    baking > 0 ? `${baking} baking` : '',
    updating > progress.keptBack ? `${updating - progress.keptBack} updating` : '',
    progress.keptBack > 0
      ? `${progress.keptBack} not before their window, freeze, quota or lock allows it`
      : '',
    failed > 0 ? `${failed} failed or fell silent` : '',
    waiting > offline ? `${waiting - offline} waiting for their turn` : '',
    offline > 0 ? `${offline} offline, held until they return` : '',
  ].filter((part) => part !== '');
  const counts = `${stepText(strategy, canary.step).replace(/\.$/, '')}: ${parts.join(', ')}`;
  const verdict = baked + failed === 0 ? ('no data' as const) : ('inconclusive' as const);
  if (updating > 0 || baking > 0 || mayStillCome) return { verdict, reason: `${counts}.`, outcome: 'stay' };
  if (!enough) {
    const missing = few
      ? `No data: ${hostsText(wanted)} must have baked and ${baked} ${baked === 1 ? 'has' : 'have'}`
      : `Inconclusive: ${failed} of ${exposed.length} exposed failed or fell silent, too few to tell from chance and too many to go on`;
    const waited = now - canary.since >= strategy.bakeSeconds * 1000;
    const asks = strategy.onNoData === 'ask' && waited;
    const reason = asks
      ? `${counts}. ${missing}. Look at the hosts, then go on (xylem deployment resume), or back (xylem rollback).`
      : `${counts}. ${missing}.`;
    return { verdict: few ? 'no data' : 'inconclusive', reason, outcome: asks ? 'ask' : 'stay' };
  }
  const passed = !isEveryone ? !lacking || waiting <= offline : waiting === 0;
  if (passed && !isMeasured(strategy, canary, turns)) {
    const baked = Math.max(0, ...exposed.map(({ host }) => host.doneAt ?? 0));
    const asks =
      fault !== null && strategy.onNoData === 'ask' && now - baked >= 2 * strategy.bakeSeconds * 1000;
    const missing = fault === null ? 'Waits for figures' : `No data: ${fault}`;
    const advice = asks
      ? ' See that they can be had, then go on with what there is (xylem deployment resume), or back (xylem rollback).'
      : '';
    const reason = `${counts}. ${missing.replace(/\.$/, '')}.${advice}`;
    return { verdict: 'no data', reason, outcome: asks ? 'ask' : 'measure' };
  }
  if (!isEveryone) {
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
  return { verdict: 'pass', reason: `${hostsText(baked)} ${what}${but}.`, outcome: 'pass' };
}

const outcomeCount = ({ failed, silent }: { failed: number; silent: number }): number => failed + silent;

function hardLimit(strategy: CanaryStrategy, turns: readonly Turn[]): number {
  return strategy.maxFailed === undefined
    ? mostUnavailable(strategy, byStratum(turns)) - 1
    : limitOf(strategy.maxFailed, turns.length);
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

/** "Step 2 of 3 (10% in each site)." */
function stepText({ steps, per }: CanaryStrategy, step: number): string {
  const share = steps[step];
  const where = per === undefined ? '' : ` in each ${per}`;
  const size =
    share === undefined
      ? 'everyone'
      : typeof share === 'number'
        ? `${hostsText(share)}${where}`
        : `${share}${where}`;
  return `Step ${step + 1} of ${steps.length + 1} (${size}).`;
}
