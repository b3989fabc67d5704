import { admissions } from './admissions.ts';
import { advanceGroups } from './blue-green.ts';
import { advanceJudged, verdictOfJudged } from './canary.ts';
import { courseOf } from './course.ts';
import type { Advance, AdvancePolicy, Deployment, HostEvidence } from './deployment.ts';
import { hasEnded } from './deployment.ts';
import type { Figures } from './figures.ts';
import { frozenBy, keptOut } from './freeze.ts';
import type { TrafficEvidence } from './groups.ts';
import { awaitingTraffic } from './returning.ts';
import { type Overview, overviewOf, progressOf } from './turns.ts';
import { verdictOf } from './verdict.ts';

/**
 * The next decisions of a deployment, from what the hosts reported. Pure: the same deployment, evidence and time give
 * the same decisions, whatever the order of the evidence.
 *
 * What it keeps: of the eligible hosts never more than the strategy allows are admitted and not done at once (updating,
 * failed or silent). The threshold only moves one way. A host that was offline when its turn came is held at its former
 * packages instead, so that a returning site does not update all at once; it is admitted later like any other. While a
 * freeze holds it up it ends by evidence as ever, and nobody is admitted.
 */
export function advance(
  deployment: Deployment,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
  figures?: Figures,
  traffic?: TrafficEvidence,
): Advance {
  return advanceBy(deployment, overviewOf(deployment, evidence, now, policy), now, policy, figures, traffic);
}

/** The same from what is known of the hosts at this moment, which may have been kept (`Tally`). */
export function advanceBy(
  deployment: Deployment,
  overview: Overview,
  now: number,
  policy: AdvancePolicy,
  figures?: Figures,
  traffic?: TrafficEvidence,
): Advance {
  const { state, strategy } = deployment;
  const course = courseOf(strategy);
  const learns = state === 'running' || (state === 'paused' && deployment.canary !== undefined);
  if (learns && strategy.kind === 'blue-green')
    return advanceGroups(deployment, strategy, overview.hosts(), now, policy, figures, traffic);
  if (learns && course !== null) return advanceJudged(deployment, course, overview, now, policy, figures);
  const skipped = overview.skipped();
  const progress = progressOf(deployment, overview.counts, skipped);
  const returns = awaitingTraffic(deployment, now, traffic);
  if (returns !== null) return { ...returns, progress };
  const { verdict, reason } =
    course === null
      ? verdictOf(deployment, progress, overview.counts.strata, skipped)
      : verdictOfJudged(deployment, course, overview, skipped, progress, now);
  if (state !== 'running') {
    return {
      decisions: [],
      progress,
      verdict: hasEnded(deployment) ? 'inconclusive' : verdict,
      reason: deployment.reason ?? `The deployment is ${state}.`,
    };
  }
  if (verdict === 'pass')
    return { decisions: [{ kind: 'end', state: 'succeeded', reason }], progress, verdict, reason };
  if (verdict === 'fail')
    return { decisions: [{ kind: 'end', state: 'failed', reason }], progress, verdict, reason };
  const frozen = frozenBy(deployment, policy);
  if (frozen !== null)
    return { decisions: keptOut(deployment, overview), progress, verdict, reason: `${frozen} ${reason}` };
  return { decisions: admissions(deployment, overview, now, policy), progress, verdict, reason };
}
