import type { Verdict } from '../deployment/deployment.ts';
import type { FailureState, FailureTest } from './failures.ts';
import { evidenceBelow, limitMixture } from './limit.ts';
import { type EProcess, type Mixture, mean } from './mixture.ts';
import { mixtureOf, type RequestState, type RequestTest } from './requests.ts';
import { failureMixture } from './risk.ts';

/** One thing that is judged. All metrics of a deployment are named before its first look, with or without data. */
export interface Metric {
  readonly name: string;
  /** Its part of the false-alarm budget beside the others' parts, above 0. */
  readonly weight: number;
  /** Exposed units with an outcome that a pass needs at least. */
  readonly minExposed: number;
  /** Exposed units with an outcome. */
  readonly exposed: number;
  /** Exposed hosts without one: a pass waits for them, since who fails may say so later than who is well. */
  readonly awaited: number;
  /** The highest e-value so far, and what the evidence could have come to at the worst. */
  readonly peak: number;
  readonly ceiling: number;
  /** What a pass has to rule out besides; absent: nothing. */
  readonly bound?: { readonly evidence: number; readonly alpha: number };
}

export interface MetricVerdict {
  readonly name: string;
  readonly verdict: Verdict;
  readonly peak: number;
  /** The e-value from which on it fails. */
  readonly threshold: number;
  readonly exposed: number;
  readonly reason: string;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly metrics: readonly MetricVerdict[];
}

type Named = Pick<Metric, 'name' | 'weight' | 'minExposed'>;

/** @param below a pass rules out that this share of exposed hosts fails, or more, at level `alpha` of its own */
export function failureMetric(
  named: Named,
  test: FailureTest,
  { exposed, evidence }: FailureState,
  below?: { readonly rate: number; readonly alpha: number },
): Metric {
  const counted = exposed.entered - exposed.left;
  const ended = exposed.failed + exposed.silent + exposed.ok;
  const bound = below && {
    evidence: evidenceBelow(below.rate, counted, counted - exposed.ok),
    alpha: below.alpha,
  };
  return {
    ...metric(named, test.kind === 'controls' ? failureMixture : limitMixture, evidence),
    exposed: ended,
    awaited: counted - ended,
    ...(bound === undefined ? {} : { bound }),
  };
}

export function requestMetric(named: Named, test: RequestTest, { exposed, evidence }: RequestState): Metric {
  return { ...metric(named, mixtureOf(test), evidence), exposed, awaited: 0 };
}

function metric({ name, weight, minExposed }: Named, mixture: Mixture, { peak, ceilings }: EProcess) {
  return { name, weight, minExposed, peak, ceiling: mean(mixture, ceilings) };
}

/**
 * The verdict of a deployment's metrics together: the chance of a false fail, at any look and of any metric, is at most
 * `alpha`. Fails if one fails; passes only if all pass. Pure.
 */
export function judge(metrics: readonly Metric[], alpha: number): Judgement {
  const weights = metrics.reduce((sum, { weight }) => sum + weight, 0);
  const verdicts = metrics.map((one) => judgeOne(one, weights / (alpha * one.weight)));
  for (const verdict of ['fail', 'no data', 'inconclusive'] as const) {
    const found = verdicts.filter((one) => one.verdict === verdict);
    if (found.length > 0)
      return { verdict, reason: found.map(({ reason }) => reason).join(' '), metrics: verdicts };
  }
  if (verdicts.length === 0) return { verdict: 'no data', reason: 'Nothing is measured.', metrics: verdicts };
  return { verdict: 'pass', reason: verdicts.map(({ reason }) => reason).join(' '), metrics: verdicts };
}

function judgeOne(one: Metric, threshold: number): MetricVerdict {
  const { name, peak, exposed, awaited, minExposed, ceiling, bound } = one;
  const is = (verdict: Verdict, reason: string): MetricVerdict => ({
    name,
    verdict,
    peak,
    threshold,
    exposed,
    reason: `${name}: ${reason}`,
  });
  const e = `e = ${Number(peak.toPrecision(3))} of ${Number(threshold.toPrecision(3))}`;
  if (peak >= threshold) return is('fail', `worse than it may be (${e}).`);
  if (exposed === 0) return is('no data', 'nothing that runs the new version has an outcome yet.');
  if (exposed < minExposed)
    return is('inconclusive', `${exposed} of at least ${minExposed} have an outcome.`);
  if (awaited > 0) return is('inconclusive', `${awaited} exposed have no outcome yet.`);
  if (ceiling < threshold)
    return is(
      'inconclusive',
      `with so few to compare with, a fault could not have been seen (${exposed} exposed).`,
    );
  if (bound !== undefined && bound.evidence < 1 / bound.alpha)
    return is('inconclusive', `${exposed} exposed do not yet rule out the rate that a pass has to rule out.`);
  return is('pass', `not worse than it may be over ${exposed} exposed (${e}).`);
}
