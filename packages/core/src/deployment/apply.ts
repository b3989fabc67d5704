import type { HostId } from '../ids.ts';
import type { Decision, Deployment, HostEvidence } from './deployment.ts';

/** A deployment after decisions. The root server stores it, and replays it from events. */
export function applyDecisions(deployment: Deployment, decisions: readonly Decision[]): Deployment {
  if (decisions.length === 0) return deployment;
  let next: Deployment = { ...deployment, decided: (deployment.decided ?? 0) + 1 };
  for (const decision of decisions) {
    switch (decision.kind) {
      case 'threshold':
        next = {
          ...next,
          threshold: decision.threshold,
          ...(decision.strata === undefined ? {} : { strata: decision.strata }),
        };
        break;
      case 'canary':
        next = { ...next, canary: decision.canary };
        break;
      case 'ask':
        next = { ...next, state: 'paused', reason: decision.reason, ...asking(next) };
        break;
      case 'end':
        next = { ...next, state: decision.state, reason: decision.reason };
        break;
      default:
    }
  }
  return next;
}

/** A person says to go on; where the deployment had asked, with what there is. */
export function resumed(deployment: Deployment): Deployment {
  const { canary } = deployment;
  const next: Deployment = { ...deployment, state: 'running', reason: null };
  return canary?.asked === 'waits' ? { ...next, canary: { ...canary, asked: 'waived' } } : next;
}

const asking = ({ canary }: Deployment): Pick<Deployment, 'canary'> =>
  canary === undefined ? {} : { canary: { ...canary, asked: 'waits' } };

/** What the same decisions say about one host: its marks after them. */
export function hostAfter(host: HostEvidence, decisions: readonly Decision[], now: number): HostEvidence {
  let next = host;
  for (const decision of decisions) {
    if (!('hosts' in decision) || !includes(decision.hosts, host.id)) continue;
    switch (decision.kind) {
      case 'admit':
        next = { ...next, admittedAt: now, held: false };
        break;
      case 'hold':
        next = { ...next, held: true };
        break;
      case 'healthy':
        next = { ...next, doneAt: now };
        break;
      case 'watch':
        next = { ...next, watched: decision.watched };
        break;
      case 'failed':
        next = { ...next, doneAt: null, failedAt: next.failedAt ?? now };
        break;
    }
  }
  return next;
}

function includes(hosts: readonly HostId[], id: HostId): boolean {
  return hosts.includes(id);
}
