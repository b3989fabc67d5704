import { limitMixture, limitProduct } from './limit.ts';
import { type EProcess, mean, multiplied, noEvidence } from './mixture.ts';
import { type Arm, type AtRisk, failureMixture, failureRatio } from './risk.ts';

/** What is asked: whether exposed hosts fail more often than concurrent controls, or than a rate that was named. */
export type FailureTest =
  | { readonly kind: 'controls' }
  /** `rate`: the share of hosts that may fail, above 0 and below 1. */
  | { readonly kind: 'limit'; readonly rate: number };

/**
 * What happened to a host. `enter`: from now on it is watched in this arm. `failed`, `silent`: it failed, or should have
 * reported and did not; both count alike. `ok`: it reported well at the end of its bake. `leave`: it is watched no
 * longer, without an outcome, which says nothing about it (a control that is admitted, a host that is skipped).
 *
 * `ok` is said no earlier than silence at the end of its bake would have been noticed. Were it said at the report, those
 * who are left in the end would be the silent ones, in the exposed arm alone, and each would weigh too much.
 */
export interface FailureEvent {
  /** When it became known, milliseconds since 1970. */
  readonly at: number;
  readonly host: string;
  /** Hosts are compared only within theirs: a site, a tenant. */
  readonly stratum: string;
  readonly arm: Arm;
  readonly kind: 'enter' | 'failed' | 'silent' | 'ok' | 'leave';
}

/** All that is known after some looks; plain JSON, and nothing in it grows with the number of hosts. */
export interface FailureState {
  /** Of the newest event. An event that comes with an older time counts as of this moment. */
  readonly at: number;
  /** By stratum; those with nobody at risk are left out. */
  readonly atRisk: Readonly<Record<string, AtRisk>>;
  readonly exposed: Outcomes;
  readonly control: Outcomes;
  readonly evidence: EProcess;
}

/** Hosts, each counted once: who has entered failed, is silent, ok or left, or is awaited. */
export interface Outcomes {
  readonly entered: number;
  readonly failed: number;
  readonly silent: number;
  readonly ok: number;
  readonly left: number;
}

const nothing: Outcomes = { entered: 0, failed: 0, silent: 0, ok: 0, left: 0 };

export function noFailures(test: FailureTest): FailureState {
  const evidence = noEvidence(test.kind === 'controls' ? failureMixture : limitMixture);
  return { at: 0, atRisk: {}, exposed: nothing, control: nothing, evidence };
}

/**
 * The state after one look. The order of `events` does not matter: they count by time; of one moment failures first,
 * then `ok` and `leave`, then `enter`, each by host. What is given in two looks gives the same as in
 * one if all in the second is later than the first. A host may enter each arm once; one that failed as a control does
 * not enter as exposed.
 * @throws {RangeError} on an outcome in an arm in which nobody is at risk
 */
export function updateFailures(
  test: FailureTest,
  state: FailureState,
  events: readonly FailureEvent[],
): FailureState {
  const counted = events
    .map((event) => (event.at < state.at ? { ...event, at: state.at } : event))
    .sort(byMoment);
  // Copies that are counted up in place: a look may bring a hundred thousand events.
  const atRisk = new Map(Object.entries(state.atRisk).map(([stratum, arms]) => [stratum, { ...arms }]));
  const outcomes = { exposed: { ...state.exposed }, control: { ...state.control } };
  let { evidence } = state;
  for (const event of counted) {
    const { arm, kind, stratum, host } = event;
    const arms = atRisk.get(stratum) ?? { exposed: 0, control: 0 };
    if (kind !== 'enter' && arms[arm] < 1)
      throw new RangeError(
        `${host} can't be "${kind}": nobody is at risk in its arm (${arm}, stratum "${stratum}")`,
      );
    outcomes[arm][outcomeOf[kind]] += 1;
    if (test.kind === 'controls') evidence = comparedWithControls(evidence, event, arms);
    else if (hasFailed(kind)) evidence = comparedWithLimit(evidence, outcomes.exposed, test.rate);
    arms[arm] += kind === 'enter' ? 1 : -1;
    atRisk.set(stratum, arms);
  }
  // Only failures raise it, so that once at the end is enough for all the others.
  if (test.kind === 'limit') evidence = comparedWithLimit(evidence, outcomes.exposed, test.rate);
  const somebody = [...atRisk].filter(([, arms]) => arms.exposed + arms.control > 0);
  somebody.sort(([a], [b]) => (a < b ? -1 : 1));
  const at = counted.at(-1)?.at ?? state.at;
  return { at, atRisk: Object.fromEntries(somebody), ...outcomes, evidence };
}

const turn = { failed: 0, silent: 0, ok: 1, leave: 1, enter: 2 } as const;

function byMoment(a: FailureEvent, b: FailureEvent): number {
  return a.at - b.at || turn[a.kind] - turn[b.kind] || (a.host < b.host ? -1 : a.host > b.host ? 1 : 0);
}

const outcomeOf = { enter: 'entered', failed: 'failed', silent: 'silent', ok: 'ok', leave: 'left' } as const;

function hasFailed(kind: FailureEvent['kind']): boolean {
  return kind === 'failed' || kind === 'silent';
}

/** @param before who was at risk when it happened, the host itself among them */
function comparedWithControls(evidence: EProcess, { arm, kind }: FailureEvent, before: AtRisk): EProcess {
  const failed = hasFailed(kind);
  const ended = arm === 'exposed' && (failed || kind === 'ok');
  if (!failed && !ended) return evidence;
  return multiplied(
    failureMixture,
    evidence,
    (times) => (failed ? failureRatio(arm, before, times) : 1),
    ended ? (times) => failureRatio('exposed', before, times) : undefined,
  );
}

/**
 * Those who have not answered count as well: who fails says so earlier than who bakes to the end, so that the share of
 * the failed among those who answered is too high at first.
 */
function comparedWithLimit(evidence: EProcess, exposed: Outcomes, rate: number): EProcess {
  const failed = exposed.failed + exposed.silent;
  const ended = failed + exposed.ok;
  const { alternatives } = limitMixture;
  const products = alternatives.map((stake) =>
    limitProduct(exposed.entered - exposed.left, failed, rate, stake),
  );
  return {
    products,
    ceilings: alternatives.map((stake) => limitProduct(ended, ended, rate, stake)),
    peak: Math.max(evidence.peak, mean(limitMixture, products)),
  };
}
