import { everyone, nobody } from '../direction/cohort.ts';
import type { Counts } from './counts.ts';
import {
  type AdvancePolicy,
  type Decision,
  type Deployment,
  type HostEvidence,
  initialThreshold,
} from './deployment.ts';
import { hostCount, isOffline } from './standing.ts';
import { cohortOf, namedStrata, takesIn, thresholdOf } from './strata.ts';
import type { Turns } from './turns.ts';

/** So many hosts that share a threshold are passed over because their own value of the label has no room: each is a pin. */
const mostPassedOver = 256;

/**
 * Whose turn it is now.
 * @param turns all eligible hosts
 * @param quota how many of a value of the label may be admitted in all, and whether that is everyone; absent: everyone
 */
export function admissions(
  deployment: Deployment,
  turns: Turns,
  now: number,
  policy: AdvancePolicy,
  quota?: {
    readonly of: (eligible: number, stratum: string | null) => number;
    readonly isEveryone: boolean;
  },
): Decision[] {
  const { strategy, kind } = deployment;
  const atOnce = strategy.kind === 'all-at-once';
  const per = atOnce ? undefined : strategy.per;
  const strata =
    per === undefined
      ? undefined
      : (deployment.strata ?? namedStrata(turns.counts.strata, initialThreshold(kind)));
  const stratified = { ...deployment, ...(strata === undefined ? {} : { strata }) };
  const rooms = roomsOf(deployment, turns.counts, quota);
  const admit: HostEvidence[] = [];
  const hold: HostEvidence[] = [];
  const moved = new Map<string | null, string>();
  const blocked = new Set<string | null>();
  let passedOver = 0;
  const isBlocked = (stratum: string | null): boolean => blocked.has(cohortOf(stratified, stratum));
  for (const { host, hash, standing } of turns.waiting(isBlocked)) {
    const cohort = cohortOf(stratified, host.stratum);
    const within = takesIn(stratified, hash, host.stratum);
    const done = standing === 'done';
    const offline = !atOnce && isOffline(host, now, policy);
    const room = rooms(host.stratum ?? null);
    // A done host is not unavailable and needs no such room; one within the threshold that finds none is held.
    const fits = room.exposable() && (done || room.available());
    if (!within && !fits) {
      const isShared = cohort === null && per !== undefined && room.others() && passedOver < mostPassedOver;
      if (!isShared) {
        blocked.add(cohort);
        continue;
      }
      passedOver += 1;
    }
    if (fits && (done || !offline)) {
      admit.push(host);
      room.take(done);
    } else if (!host.held) hold.push(host);
    if (!within) moved.set(cohort, hash);
  }
  const next = (cohort: string | null): string => {
    const before = thresholdOf(stratified, cohort);
    const reachedEnd = !blocked.has(cohort) && turns.counts.eligible > 0 && (quota?.isEveryone ?? true);
    if (reachedEnd) return kind === 'undeploy' ? nobody : everyone;
    const to = moved.get(cohort);
    if (to === undefined) return before;
    return kind === 'undeploy' ? justBelow(to) : to;
  };
  const threshold = next(null);
  const thresholds =
    strata === undefined
      ? undefined
      : Object.fromEntries(Object.keys(strata).map((name) => [name, next(name)]));
  const hasMoved =
    threshold !== deployment.threshold ||
    (thresholds !== undefined &&
      Object.entries(thresholds).some(([name, value]) => deployment.strata?.[name] !== value));
  const decisions: Decision[] = [];
  if (hasMoved)
    decisions.push({
      kind: 'threshold',
      threshold,
      ...(thresholds === undefined ? {} : { strata: thresholds }),
    });
  if (admit.length > 0) decisions.push({ kind: 'admit', hosts: admit.map(({ id }) => id) });
  if (hold.length > 0) decisions.push({ kind: 'hold', hosts: hold.map(({ id }) => id) });
  return decisions;
}

/** What is free, within a value of the label and over all. */
function roomsOf(
  { strategy }: Deployment,
  { eligible: all, strata }: Counts,
  quota: { readonly of: (eligible: number, stratum: string | null) => number } | undefined,
) {
  const without = Number.POSITIVE_INFINITY;
  let inAll = without;
  const free = new Map<string | null, { unavailable: number; exposed: number }>();
  for (const [stratum, { eligible, admitted, unavailable }] of strata) {
    free.set(stratum, {
      unavailable:
        strategy.kind === 'all-at-once'
          ? without
          : hostCount(strategy.maxUnavailable, eligible) - unavailable,
      exposed: quota === undefined ? without : quota.of(eligible, stratum) - admitted,
    });
  }
  if (strategy.kind !== 'all-at-once' && strategy.maxUnavailableInAll !== undefined) {
    const unavailable = [...strata.values()].reduce((sum, one) => sum + one.unavailable, 0);
    inAll = hostCount(strategy.maxUnavailableInAll, all) - unavailable;
  }
  return (stratum: string | null) => {
    const own = free.get(stratum) ?? { unavailable: 0, exposed: 0 };
    return {
      exposable: () => own.exposed > 0,
      available: () => own.unavailable > 0 && inAll > 0,
      /** Whether hosts of other values may still find room. */
      others: () => inAll > 0,
      take: (done: boolean) => {
        own.exposed -= 1;
        if (done) return;
        own.unavailable -= 1;
        inAll -= 1;
      },
    };
  };
}

/** The hash before this one: an undeploy admits what lies above its threshold. */
function justBelow(hash: string): string {
  return (BigInt(`0x${hash}`) - 1n).toString(16).padStart(64, '0');
}
