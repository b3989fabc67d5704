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
      case 'groups':
        next = { ...next, groups: decision.groups };
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
  const { canary, groups } = deployment;
  const next: Deployment = { ...deployment, state: 'running', reason: null };
  if (groups?.asked === 'waits') return { ...next, groups: { ...groups, asked: 'waived' } };
  return canary?.asked === 'waits' ? { ...next, canary: { ...canary, asked: 'waived' } } : next;
}

/** Whether it stands because it asked a person, who has not answered yet. */
export const isAsking = ({
  state,
  canary,
  groups,
}: Pick<Deployment, 'state' | 'canary' | 'groups'>): boolean =>
  state === 'paused' && (canary?.asked === 'waits' || groups?.asked === 'waits');

const asking = ({ canary, groups }: Deployment): Pick<Deployment, 'canary' | 'groups'> =>
  canary !== undefined
    ? { canary: { ...canary, asked: 'waits' } }
    : groups !== undefined
      ? { groups: { ...groups, asked: 'waits' } }
      : {};

/**
 * What the same decisions say about hosts: their marks after them. One whom they do not name is returned as it is.
 * @param now milliseconds since 1970
 */
export function marking(decisions: readonly Decision[], now: number): (host: HostEvidence) => HostEvidence {
  const byHost = new Map<HostId, Decision[]>();
  for (const decision of decisions) {
    if (!('hosts' in decision)) continue;
    for (const id of decision.hosts) {
      const named = byHost.get(id);
      if (named === undefined) byHost.set(id, [decision]);
      else named.push(decision);
    }
  }
  if (byHost.size === 0) return (host) => host;
  return (host) => {
    const named = byHost.get(host.id);
    return named === undefined ? host : named.reduce((next, one) => marked(next, one, now), host);
  };
}

function marked(host: HostEvidence, decision: Decision, now: number): HostEvidence {
  switch (decision.kind) {
    case 'admit':
      return { ...host, admittedAt: now, held: false };
    case 'hold':
      return { ...host, held: true };
    case 'healthy':
      return { ...host, doneAt: now };
    case 'watch':
      return { ...host, watched: decision.watched };
    case 'failed':
      return { ...host, doneAt: null, failedAt: host.failedAt ?? now };
    default:
      return host;
  }
}
