import { cohortHash } from '../direction/cohort.ts';
import { courseOf } from './course.ts';
import type {
  AdvancePolicy,
  Deployment,
  HostEvidence,
  Progress,
  Standing,
  UpdateLimits,
} from './deployment.ts';
import { hostCount, isBaking, isOffline, standingOf } from './standing.ts';

/** An eligible host in the order of its turn. */
export interface Turn {
  readonly host: HostEvidence;
  readonly hash: string;
  readonly standing: Standing;
}

/** The eligible hosts in the order of their turn. */
export function inTurn(
  deployment: Deployment,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
): Turn[] {
  const direction = deployment.kind === 'undeploy' ? -1 : 1;
  const turns: Turn[] = [];
  for (const host of evidence) {
    if (!isEligible(host)) continue;
    const hash = cohortHash(deployment.salt, host.id);
    turns.push({ host, hash, standing: standingOf(deployment, host, now, policy) });
  }
  return turns.sort((a, b) => (a.hash < b.hash ? -direction : direction));
}

/** Whether a deployment is for it: it is given something of it, and no person took it out. */
export const isEligible = ({ components, skipped }: HostEvidence): boolean =>
  components.length > 0 && skipped !== true;

/** Hosts that people took out. */
export const skippedOf = (evidence: readonly HostEvidence[]): HostEvidence[] =>
  evidence.filter(({ skipped }) => skipped === true);

export const hasFailedBefore = ({ failedAt }: HostEvidence): boolean => (failedAt ?? null) !== null;

export const isAdmitted = ({ admittedAt, held }: HostEvidence): boolean => admittedAt !== null && !held;

/** The hosts of one value of the strategy's label counted; without a label all hosts are of one, null. */
export interface StratumCounts {
  readonly eligible: number;
  readonly admitted: number;
  /** Now, or before a person let it try again. */
  readonly failed: number;
  /** Updating, failed or silent. */
  readonly unavailable: number;
}

type Counts = ReadonlyMap<string | null, StratumCounts>;

/** A look asks for the same counts several times. */
const counted = new WeakMap<readonly Turn[], Counts>();

export function byStratum(turns: readonly Turn[]): Counts {
  const before = counted.get(turns);
  if (before !== undefined) return before;
  const counts = countsOf(turns);
  counted.set(turns, counts);
  return counts;
}

function countsOf(turns: readonly Turn[]): Counts {
  const counts = new Map<string | null, { -readonly [K in keyof StratumCounts]: StratumCounts[K] }>();
  for (const { host, standing } of turns) {
    const stratum = host.stratum ?? null;
    let count = counts.get(stratum);
    if (count === undefined) {
      count = { eligible: 0, admitted: 0, failed: 0, unavailable: 0 };
      counts.set(stratum, count);
    }
    count.eligible += 1;
    if (isAdmitted(host)) count.admitted += 1;
    if (standing === 'failed' || hasFailedBefore(host)) count.failed += 1;
    if (standing === 'updating' || standing === 'failed' || standing === 'silent') count.unavailable += 1;
  }
  return counts;
}

/** How many may be unavailable at once, over all. */
export function mostUnavailable(
  { maxUnavailable, maxUnavailableInAll }: UpdateLimits,
  strata: ReadonlyMap<string | null, StratumCounts>,
): number {
  let sum = 0;
  let eligible = 0;
  for (const count of strata.values()) {
    sum += hostCount(maxUnavailable, count.eligible);
    eligible += count.eligible;
  }
  // Of no host at all, as of any other number: at least one.
  if (strata.size === 0) return hostCount(maxUnavailable, 0);
  return maxUnavailableInAll === undefined ? sum : Math.min(sum, hostCount(maxUnavailableInAll, eligible));
}

/** Its last report is good, and it has not been heard of since as it should have been: nobody waits for its bake. */
const fellSilent = ({ doneAt = null, failedAt = null }: HostEvidence): boolean =>
  doneAt === null && failedAt !== null;

export function progressOf(
  { strategy }: Deployment,
  turns: readonly Turn[],
  skipped: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
): Progress {
  const counts = { waiting: 0, updating: 0, done: 0, failed: 0, silent: 0 };
  let offline = 0;
  let keptBack = 0;
  let admitted = 0;
  let baking = 0;
  const course = courseOf(strategy);
  for (const { host, standing } of turns) {
    counts[standing] += 1;
    if (isAdmitted(host)) admitted += 1;
    if (standing === 'waiting' && isOffline(host, now, policy)) offline += 1;
    if (standing === 'updating' && host.keptBack) keptBack += 1;
    if (course !== null && standing === 'done' && !fellSilent(host) && isBaking(course, host, now))
      baking += 1;
  }
  const lost = skipped.filter(hasFailedBefore).length;
  const maxUnavailable =
    strategy.kind === 'all-at-once' ? turns.length : mostUnavailable(strategy, byStratum(turns));
  return {
    eligible: turns.length,
    admitted,
    ...counts,
    keptBack,
    offline,
    maxUnavailable,
    ...(course === null ? {} : { baking }),
    ...(skipped.length === 0 ? {} : { skipped: skipped.length }),
    ...(lost === 0 ? {} : { skippedFailed: lost }),
  };
}
