import type { DeploymentState } from '../deployment/deployment.ts';
import { hosts as hostsText } from '../deployment/words.ts';
import { sha256 } from '../hashing.ts';
import { type FailureState, noFailures } from '../statistics/failures.ts';
import { failureMetric, type Judgement, judge } from '../statistics/judge.ts';
import { timeOf } from '../time.ts';
import type { PlanStage } from './document.ts';
import { watchedEnvironments } from './ring-environments.ts';
import { failedIn, pooled } from './ring-hosts.ts';

/** docs/spec/plans.md, The verdict of a ring. Times: milliseconds since 1970. */

/** By what a ring is judged, what nobody said filled in. */
export interface RingRules {
  /** How long each host stays healthy after its update, and how long the ring waits for more before it asks. */
  readonly bakeSeconds: number;
  /** So many hosts have to have baked; null: so many that harm could have been seen. */
  readonly minimumExposure: number | null;
  readonly alpha: number;
  readonly onNoData: 'ask' | 'wait';
}

/** Null: its deployments judge themselves, each alone. */
export function ringRules({ verdict, strategy }: Pick<PlanStage, 'verdict' | 'strategy'>): RingRules | null {
  if (verdict === undefined) return null;
  const { bakeSeconds = strategy?.bakeSeconds ?? 3_600, minimumExposure = null } = verdict;
  const { alpha = 0.01, onNoData = 'ask' } = verdict;
  return { bakeSeconds, minimumExposure, alpha, onNoData };
}

/** Where an environment comes in its ring's order: drawn, so that who is exposed first hangs together with nothing. */
export const ringTurn = (plan: string, environment: string): string => sha256(`${plan}/${environment}`);

/** One environment of a ring, as it was seen. */
export interface RingMember {
  readonly environment: string;
  /** As what it is watched as a whole; `over`: it has said what it could. Null: not yet. */
  readonly watched: 'control' | 'exposed' | 'over' | null;
  /** Whether it has hosts that were well when it was looked at before its turn. */
  readonly isWatchable: boolean;
  /** When one of those failed or fell silent before its turn; null: none has. */
  readonly unwellAt: number | null;
  /** Null: it has not begun there. */
  readonly deployment: RingDeployment | null;
}

export interface RingDeployment {
  readonly state: DeploymentState;
  readonly began: number;
  /** Null: not yet. */
  readonly ended: number | null;
  /** What its own test has counted; null: nothing yet. */
  readonly failures: FailureState | null;
  /** Hosts that are admitted and neither done nor failed, those that were done and have not failed since, and those that ever failed. */
  readonly updating: number;
  readonly done: number;
  readonly failed: number;
  /** When a host was admitted, done or failed the last time. */
  readonly moved: number;
}

/** What a ring has shown so far; plain JSON. */
export interface RingState {
  /** Environments as wholes: those that have begun against those whose turn has not come. */
  readonly environments: FailureState;
  /** The highest e-value of hosts, compared within their environments, at any look. */
  readonly hostsPeak: number;
  /** A person said to go on with what there is. */
  readonly waived?: true;
  /** It has passed: later looks change nothing. */
  readonly passed?: true;
}

/** `stay`: something is still to come. */
export type RingOutcome = 'stay' | 'pass' | 'fail' | 'ask';

export interface RingLook {
  /** The same object where nothing changed. */
  readonly state: RingState;
  readonly marks: readonly {
    readonly environment: string;
    readonly watched: NonNullable<RingMember['watched']>;
  }[];
  readonly outcome: RingOutcome;
  readonly verdict: Judgement['verdict'];
  /** With the counts, one sentence or two. */
  readonly reason: string;
  /** When time alone changes something; null: something has to happen. */
  readonly due: number | null;
  readonly counts: RingCounts;
}

export interface RingCounts {
  /** Hosts that baked; that failed or fell silent. */
  readonly baked: number;
  readonly failed: number;
  /** Environments that failed while exposed, and before their turn. */
  readonly exposedFailed: number;
  readonly controlFailed: number;
  /** The highest e-value by metric, and from where on it fails. */
  readonly evidence: number;
  readonly threshold: number;
}

const test = { kind: 'controls' } as const;
const named = { weight: 1, minExposed: 1 };
/** Of so many exposed hosts one may have failed without a person being asked. */
const toleratedOneOf = 10;

export const ringBegun: RingState = { environments: noFailures(test), hostsPeak: 1 };

/**
 * One look at a ring. The same rules, state, members and time give the same answer, whatever the order of the members;
 * its cost grows with their number alone, since each deployment has counted its own hosts. Pure.
 * @param silentAfterMs after which an admitted host counts as silent: before that nobody has come through well
 */
export function lookAtRing(
  rules: RingRules,
  state: RingState,
  members: readonly RingMember[],
  now: number,
  silentAfterMs: number,
): RingLook {
  const sorted = members.toSorted((a, b) => (a.environment < b.environment ? -1 : 1));
  const { environments, marks } = watchedEnvironments(state.environments, sorted, now, silentAfterMs);
  const hosts = pooled(
    sorted.flatMap(({ deployment }) => deployment ?? []),
    state.hostsPeak,
  );
  const metrics = [
    failureMetric({ ...named, name: 'environments' }, test, environments),
    failureMetric({ ...named, name: 'hosts within environments' }, test, hosts),
  ];
  const judgement = judge(metrics, rules.alpha);
  const begun = sorted.flatMap(({ deployment }) => deployment ?? []);
  const bakeMs = rules.bakeSeconds * 1000;
  const baked = begun.reduce((sum, one) => sum + bakedOf(one, now, bakeMs), 0);
  const failed = begun.reduce((sum, one) => sum + one.failed, 0);
  const [nearest] = judgement.metrics.toSorted((a, b) => b.peak - a.peak);
  const counts: RingCounts = {
    baked,
    failed,
    exposedFailed: failedIn(environments.exposed),
    controlFailed: failedIn(environments.control),
    evidence: nearest?.peak ?? 1,
    threshold: nearest?.threshold ?? 1,
  };
  const text = countsText(counts, environments);
  const next: RingState = { ...state, environments, hostsPeak: hosts.evidence.peak };
  const answer = (
    outcome: RingOutcome,
    verdict: RingLook['verdict'],
    reason: string,
    due: number | null = null,
  ): RingLook => {
    const after: RingState = { ...next, ...(outcome === 'pass' ? { passed: true } : {}) };
    return { state: isSame(state, after) ? state : after, marks, outcome, verdict, reason, due, counts };
  };
  if (state.passed === true)
    return { state, marks: [], outcome: 'pass', verdict: 'pass', reason: `${text}.`, due: null, counts };
  if (judgement.verdict === 'fail') return answer('fail', 'fail', `${text}: worse than it may be.`);
  const present = baked + failed === 0 ? ('no data' as const) : ('inconclusive' as const);
  if (begun.length < sorted.length) return answer('stay', present, `${text}; others are to come.`);
  const updating = begun.reduce((sum, one) => sum + (one.ended === null ? one.updating : 0), 0);
  if (updating > 0) return answer('stay', present, `${text}, ${updating} updating.`);
  const wellAt = Math.max(0, ...begun.map(({ ended }) => (ended ?? 0) + silentAfterMs));
  const stands = begun.filter(({ ended }) => ended === null).length;
  const canSee = metrics.some(({ ceiling }) => ceiling >= counts.threshold);
  const missing = missingOf(rules, counts, stands, canSee);
  if (stands === 0 && now < wellAt) {
    return answer('stay', present, `${text}; whether hosts fall silent shows by ${timeOf(wellAt)}.`, wellAt);
  }
  if (missing === null) return answer('pass', 'pass', `${text}.`);
  if (state.waived === true) return answer('pass', present, `${text}. ${missing}; somebody said to go on.`);
  const verdict = baked < (rules.minimumExposure ?? 1) ? ('no data' as const) : present;
  const lastAt = Math.max(0, ...begun.map(({ began, ended, moved }) => Math.max(began, ended ?? 0, moved)));
  // One whose hosts have baked ends a moment later.
  const askAt = lastAt + bakeMs + (stands === 0 ? 0 : silentAfterMs);
  if (now < Math.max(askAt, stands === 0 ? wellAt : 0))
    return answer('stay', verdict, `${text}. ${missing}; soaks until ${timeOf(askAt)}.`, askAt);
  return answer(rules.onNoData === 'ask' ? 'ask' : 'stay', verdict, `${text}. ${missing}.`);
}

/** A person says to go on with what there is. */
export const waivedRing = (state: RingState): RingState => ({ ...state, waived: true });

function bakedOf({ ended, done, moved }: RingDeployment, now: number, bakeMs: number): number {
  return ended !== null || now - moved >= bakeMs ? done : 0;
}

const isSame = (before: RingState, after: RingState): boolean =>
  after.environments === before.environments &&
  after.hostsPeak === before.hostsPeak &&
  after.passed === before.passed;

function missingOf(
  { minimumExposure }: RingRules,
  { baked, failed }: RingCounts,
  stands: number,
  canSee: boolean,
): string | null {
  const wanted = minimumExposure ?? 1;
  if (baked < wanted)
    return `No data: ${hostsText(wanted)} must have baked and ${baked} ${baked === 1 ? 'has' : 'have'}`;
  if (failed * toleratedOneOf > baked + failed)
    return 'Inconclusive: too few failed to tell it from chance, and too many to go on';
  if (stands > 0)
    return `Inconclusive: ${stands === 1 ? '1 environment stands' : `${stands} environments stand`} with hosts that are offline or wait for a word`;
  if (minimumExposure === null && !canSee)
    return 'Inconclusive: with so few to compare with, harm could not have been seen';
  return null;
}

function countsText(
  { baked, failed, exposedFailed, controlFailed, evidence, threshold }: RingCounts,
  { exposed, control }: FailureState,
): string {
  const e = `e = ${Number(evidence.toPrecision(3))} of ${Number(threshold.toPrecision(3))}`;
  return `${hostsText(baked)} baked and ${failed} failed or fell silent; of environments ${exposedFailed} of ${exposed.entered} failed after their turn and ${controlFailed} of ${control.entered} before it (${e})`;
}
