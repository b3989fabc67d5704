import type { Advance, Deployment } from './deployment.ts';
import { isApplied, missingBalancers, type TrafficEvidence } from './groups.ts';

/**
 * A way back from a deployment over two groups waits until no balancer sends traffic to the hosts that go back. Null:
 * there is nothing to wait for.
 */
export function awaitingTraffic(
  { state, strategy, groups }: Deployment,
  now: number,
  traffic: TrafficEvidence | undefined,
): Omit<Advance, 'progress'> | null {
  if (groups?.phase !== 'returning' || state !== 'running' || strategy.kind === 'blue-green') return null;
  const { serving, idle, since, until = since, asked } = groups;
  const isBack = traffic?.serving === serving && isApplied(traffic);
  if (isBack || asked === 'waived') {
    const reason = isBack
      ? `Traffic goes to ${serving} again.`
      : `Goes on though not all is known of traffic.`;
    const returned = { phase: 'returned' as const, idle, serving, since: now };
    return { decisions: [{ kind: 'groups', groups: returned, reason }], verdict: 'inconclusive', reason };
  }
  const found =
    traffic !== undefined && traffic.serving !== serving
      ? `Traffic goes to ${traffic.serving} by somebody else's word.`
      : missingBalancers(traffic);
  const reason = `${found} No host of ${idle} goes back before that.`;
  if (now < until) return { decisions: [], verdict: 'no data', reason, due: until };
  const ask = `${reason} See to it, then go on (xylem deployment resume).`;
  return { decisions: [{ kind: 'ask', reason: ask }], verdict: 'no data', reason: ask };
}
