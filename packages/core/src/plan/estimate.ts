import type { Strategy } from '../deployment/deployment.ts';
import { hostCount } from '../deployment/standing.ts';

/** An earlier deployment that reached its end, by which the next one is judged. */
export interface EarlierDeployment {
  readonly strategy: Strategy;
  /** That it admitted. */
  readonly hosts: number;
  readonly tookMs: number;
}

export interface Estimate {
  /** One after the other. */
  readonly rounds: number;
  /** Of one: the middle of the earlier ones, the shortest and the longest; null: there was none. */
  readonly roundMs: { readonly middle: number; readonly least: number; readonly most: number } | null;
}

/** How many rounds a strategy takes; null: time is not what it goes by. Pure. */
function roundsOf(strategy: Strategy, hosts: number): number | null {
  if (hosts === 0) return 0;
  if (strategy.kind === 'all-at-once') return 1;
  if (strategy.kind === 'rolling') return Math.ceil(hosts / hostCount(strategy.maxUnavailable, hosts));
  return null;
}

/** Pure. Null for a strategy whose time can't be told from rounds alone. */
export function estimate(
  strategy: Strategy,
  hosts: number,
  earlier: readonly EarlierDeployment[],
): Estimate | null {
  const rounds = roundsOf(strategy, hosts);
  if (rounds === null) return null;
  const each = earlier
    .flatMap(({ strategy: own, hosts: count, tookMs }) => {
      const took = roundsOf(own, count);
      return took === null || took === 0 ? [] : [tookMs / took];
    })
    .sort((a, b) => a - b);
  const [least] = each;
  const most = each.at(-1);
  const middle = each[Math.floor((each.length - 1) / 2)];
  if (least === undefined || most === undefined || middle === undefined) return { rounds, roundMs: null };
  return { rounds, roundMs: { middle, least, most } };
}
