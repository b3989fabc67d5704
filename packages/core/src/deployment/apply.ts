import type { HostId } from '../ids.ts';
import type { Decision, Deployment, HostEvidence } from './deployment.ts';

/** A deployment after decisions. The root server stores it, and replays it from events. */
export function applyDecisions(deployment: Deployment, decisions: readonly Decision[]): Deployment {
  let next = deployment;
  for (const decision of decisions) {
    if (decision.kind === 'threshold') next = { ...next, threshold: decision.threshold };
    else if (decision.kind === 'end') next = { ...next, state: decision.state, reason: decision.reason };
  }
  return next;
}

/** What the same decisions say about one host: its marks after them. */
export function hostAfter(host: HostEvidence, decisions: readonly Decision[], now: number): HostEvidence {
  const named = (kind: 'admit' | 'hold'): boolean =>
    decisions.some((decision) => decision.kind === kind && includes(decision.hosts, host.id));
  if (named('admit')) return { ...host, admittedAt: now, held: false };
  return named('hold') ? { ...host, held: true } : host;
}

function includes(hosts: readonly HostId[], id: HostId): boolean {
  return hosts.includes(id);
}
