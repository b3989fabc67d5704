import { judge } from '../statistics/judge.ts';
import { isAdmitted } from './counts.ts';
import { courseOf, stepsOf } from './course.ts';
import type { Deployment, HostEvidence } from './deployment.ts';
import { exposedHost } from './group-turns.ts';
import { metricsOf } from './judged.ts';
import { isBaking } from './standing.ts';
import { isEligible } from './turns.ts';

/** One group, that group with traffic, the other. */
const groupSteps = 3;

/** Where a canary stands, or another deployment that is judged; for people to read. */
export interface CanaryStanding {
  /** From 1 on. */
  readonly step: number;
  /** Everyone, the last, among them. */
  readonly steps: number;
  /** Eligible hosts that were admitted. */
  readonly exposed: number;
  /** When the last of the hosts that bake now will have, if they stay healthy; milliseconds since 1970. */
  readonly bakingUntil: number | null;
  /** How many times likelier what was seen is if the release does harm: the e-value, at its highest so far; of the metric that is nearest to failing. */
  readonly evidence: number;
  /** The e-value at which it fails. */
  readonly threshold: number;
}

/** Null for what is not judged so, or has not begun. Pure. */
export function canaryStanding(
  { strategy, canary, groups }: Deployment,
  evidence: readonly HostEvidence[],
  now: number,
): CanaryStanding | null {
  const course = courseOf(strategy);
  if (course === null || canary === undefined) return null;
  const eligible = new Map<string | null, number>();
  for (const { stratum = null } of evidence.filter(isEligible))
    eligible.set(stratum, (eligible.get(stratum) ?? 0) + 1);
  const exposed = evidence
    .filter((host) => isEligible(host) && isAdmitted(host))
    .map((host) => (groups === undefined ? host : exposedHost(host, groups, now)));
  const ends = exposed
    .filter((host) => (host.doneAt ?? null) !== null && isBaking(course, host, now))
    .map(({ doneAt }) => (doneAt ?? 0) + course.bakeSeconds * 1000);
  const { metrics } = judge(metricsOf(course, canary), course.alpha);
  const [nearest] = metrics.toSorted((a, b) => b.peak / b.threshold - a.peak / a.threshold);
  return {
    step: canary.step + 1,
    steps: strategy.kind === 'blue-green' ? groupSteps : stepsOf(course, [...eligible.values()]),
    exposed: exposed.length,
    bakingUntil: ends.length === 0 ? null : ends.reduce((a, b) => Math.max(a, b)),
    evidence: nearest?.peak ?? 1,
    threshold: nearest?.threshold ?? 1 / course.alpha,
  };
}
