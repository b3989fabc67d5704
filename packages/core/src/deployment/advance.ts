import { cohortHash, everyone, nobody } from '../direction/cohort.ts';
import type { Advance, AdvancePolicy, Decision, Deployment, HostEvidence, Progress } from './deployment.ts';
import { hasEnded } from './deployment.ts';
import { hostCount, isOffline, isWithin, standingOf } from './standing.ts';
import { verdictOf } from './verdict.ts';

/**
 * The next decisions of a deployment, from what the hosts reported. Pure: the same deployment, evidence and time give
 * the same decisions, whatever the order of the evidence.
 *
 * What it keeps: of the eligible hosts never more than the strategy allows are admitted and not done at once (updating,
 * failed or silent). The threshold only moves one way. A host that was offline when its turn came is held at its former
 * packages instead, so that a returning site does not update all at once; it is admitted later like any other.
 */
export function advance(
  deployment: Deployment,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
): Advance {
  const hosts = inTurn(deployment, evidence);
  const progress = progressOf(deployment, hosts, now, policy);
  if (deployment.state !== 'running') {
    const reason = deployment.reason ?? `The deployment is ${deployment.state}.`;
    return {
      decisions: [],
      progress,
      verdict: hasEnded(deployment) ? 'inconclusive' : verdictOf(deployment, progress).verdict,
      reason,
    };
  }
  const { verdict, reason } = verdictOf(deployment, progress);
  if (verdict === 'pass')
    return { decisions: [{ kind: 'end', state: 'succeeded', reason }], progress, verdict, reason };
  if (verdict === 'fail')
    return { decisions: [{ kind: 'end', state: 'failed', reason }], progress, verdict, reason };
  return { decisions: admissions(deployment, hosts, progress, now, policy), progress, verdict, reason };
}

interface Turn {
  readonly host: HostEvidence;
  readonly hash: string;
}

/** The eligible hosts in the order of their turn. */
function inTurn({ salt, kind }: Deployment, evidence: readonly HostEvidence[]): Turn[] {
  const direction = kind === 'undeploy' ? -1 : 1;
  return evidence
    .filter(({ components }) => components.length > 0)
    .map((host) => ({ host, hash: cohortHash(salt, host.id) }))
    .sort((a, b) => (a.hash < b.hash ? -direction : direction));
}

function progressOf(
  deployment: Deployment,
  turns: readonly Turn[],
  now: number,
  policy: AdvancePolicy,
): Progress {
  const counts = { waiting: 0, updating: 0, done: 0, failed: 0, silent: 0 };
  let offline = 0;
  let keptBack = 0;
  let admitted = 0;
  for (const { host } of turns) {
    const standing = standingOf(deployment, host, now, policy);
    counts[standing] += 1;
    if (host.admittedAt !== null && !host.held) admitted += 1;
    if (standing === 'waiting' && isOffline(host, now, policy)) offline += 1;
    if (standing === 'updating' && host.keptBack) keptBack += 1;
  }
  const { strategy } = deployment;
  const maxUnavailable =
    strategy.kind === 'all-at-once' ? turns.length : hostCount(strategy.maxUnavailable, turns.length);
  return { eligible: turns.length, admitted, ...counts, keptBack, offline, maxUnavailable };
}

function admissions(
  deployment: Deployment,
  turns: readonly Turn[],
  { maxUnavailable, updating, failed, silent }: Progress,
  now: number,
  policy: AdvancePolicy,
): Decision[] {
  const atOnce = deployment.strategy.kind === 'all-at-once';
  let free = atOnce ? Number.POSITIVE_INFINITY : Math.max(0, maxUnavailable - updating - failed - silent);
  const admit: HostEvidence[] = [];
  const hold: HostEvidence[] = [];
  let threshold = deployment.threshold;
  let reachedEnd = true;
  for (const { host, hash } of turns) {
    const within = isWithin(deployment, host.id);
    if (host.admittedAt !== null && !host.held) continue;
    const done = standingOf(deployment, host, now, policy) === 'done';
    const offline = !atOnce && isOffline(host, now, policy);
    if (!within && free <= 0 && !done) {
      reachedEnd = false;
      break;
    }
    // A done host needs no room; one within the threshold that finds no room is held until there is some.
    if (done || (!offline && free > 0)) {
      admit.push(host);
      if (!done) free -= 1;
    } else if (!host.held) hold.push(host);
    if (!within) threshold = hash;
  }
  if (reachedEnd && turns.length > 0) threshold = deployment.kind === 'undeploy' ? nobody : everyone;
  else if (deployment.kind === 'undeploy' && threshold !== deployment.threshold)
    threshold = justBelow(threshold);
  const decisions: Decision[] = [];
  if (threshold !== deployment.threshold) decisions.push({ kind: 'threshold', threshold });
  if (admit.length > 0) decisions.push({ kind: 'admit', hosts: admit.map(({ id }) => id) });
  if (hold.length > 0) decisions.push({ kind: 'hold', hosts: hold.map(({ id }) => id) });
  return decisions;
}

/** The hash before this one: an undeploy admits what lies above its threshold. */
function justBelow(hash: string): string {
  return (BigInt(`0x${hash}`) - 1n).toString(16).padStart(64, '0');
}
