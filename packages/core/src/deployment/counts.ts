import type { Course } from './course.ts';
import type { AdvancePolicy, HostEvidence, Standing, UpdateLimits } from './deployment.ts';
import { hostCount, isBaking, isOffline } from './standing.ts';
import type { Turn } from './turns.ts';

/** What of an eligible host at one moment is counted. */
export interface Part extends Turn {
  readonly isOffline: boolean;
  /** Done, and not for as long as its course wants. */
  readonly isBaking: boolean;
}

/** The hosts of one value of the strategy's label counted; without a label all hosts are of one, null. */
export interface StratumCounts {
  readonly eligible: number;
  readonly admitted: number;
  /** Now, or before a person let it try again. */
  readonly failed: number;
  /** Updating, failed or silent. */
  readonly unavailable: number;
}

export type Strata = ReadonlyMap<string | null, StratumCounts>;

/** The eligible hosts counted. */
export interface Counts extends Readonly<Record<Standing, number>> {
  readonly eligible: number;
  readonly admitted: number;
  /** Of those that wait. */
  readonly offline: number;
  /** Of those that update. */
  readonly keptBack: number;
  /** Of those that are done; nobody waits for the bake of one that fell silent. */
  readonly baking: number;
  /** Of those that are admitted. */
  readonly baked: number;
  /** Admitted, and failed at any time since. */
  readonly failedExposed: number;
  /** Not admitted any more: a person let it try again after it had failed. */
  readonly failedBack: number;
  readonly strata: Strata;
}

type Open<Closed> = { -readonly [Name in keyof Closed]: Closed[Name] };
export type OpenCounts = Open<Omit<Counts, 'strata'>> & {
  readonly strata: Map<string | null, Open<StratumCounts>>;
};

export const hasFailedBefore = ({ failedAt }: HostEvidence): boolean => (failedAt ?? null) !== null;

export const isAdmitted = ({ admittedAt, held }: HostEvidence): boolean => admittedAt !== null && !held;

/** Its last report is good, and it has not been heard of since as it should have been: nobody waits for its bake. */
const fellSilent = ({ doneAt = null, failedAt = null }: HostEvidence): boolean =>
  doneAt === null && failedAt !== null;

export function noCounts(): OpenCounts {
  return {
    eligible: 0,
    admitted: 0,
    waiting: 0,
    updating: 0,
    done: 0,
    failed: 0,
    silent: 0,
    offline: 0,
    keptBack: 0,
    baking: 0,
    baked: 0,
    failedExposed: 0,
    failedBack: 0,
    strata: new Map(),
  };
}

export function countsOf(
  course: Course | null,
  turns: readonly Turn[],
  now: number,
  policy: AdvancePolicy,
): Counts {
  const counts = noCounts();
  for (const turn of turns) count(counts, partOf(course, turn, now, policy), 1);
  return counts;
}

function partOf(course: Course | null, turn: Turn, now: number, policy: AdvancePolicy): Part {
  return { ...turn, ...passing(course, turn, now, policy) };
}

/** What time alone changes of a host, besides its standing. */
export function passing(
  course: Course | null,
  { host, standing }: Turn,
  now: number,
  policy: AdvancePolicy,
): Pick<Part, 'isOffline' | 'isBaking'> {
  return {
    isOffline: isOffline(host, now, policy),
    isBaking: course !== null && standing === 'done' && isBaking(course, host, now),
  };
}

/** Counts a host in, or out again as it was counted in. */
export function count(counts: OpenCounts, part: Part, by: 1 | -1): void {
  const { host, standing } = part;
  const admitted = isAdmitted(host);
  const failedBefore = hasFailedBefore(host);
  counts.eligible += by;
  counts[standing] += by;
  if (admitted) counts.admitted += by;
  if (standing === 'waiting' && part.isOffline) counts.offline += by;
  if (standing === 'updating' && host.keptBack) counts.keptBack += by;
  if (part.isBaking && !fellSilent(host)) counts.baking += by;
  if (admitted && standing === 'done' && !part.isBaking) counts.baked += by;
  if (failedBefore) counts[admitted ? 'failedExposed' : 'failedBack'] += by;
  const stratum = host.stratum ?? null;
  const own = counts.strata.get(stratum) ?? { eligible: 0, admitted: 0, failed: 0, unavailable: 0 };
  own.eligible += by;
  if (admitted) own.admitted += by;
  if (standing === 'failed' || failedBefore) own.failed += by;
  if (standing === 'updating' || standing === 'failed' || standing === 'silent') own.unavailable += by;
  if (own.eligible === 0) counts.strata.delete(stratum);
  else if (own.eligible === by) counts.strata.set(stratum, own);
}

/** How many may be unavailable at once, over all. */
export function mostUnavailable(
  { maxUnavailable, maxUnavailableInAll }: UpdateLimits,
  strata: Strata,
): number {
  let sum = 0;
  let eligible = 0;
  for (const one of strata.values()) {
    sum += hostCount(maxUnavailable, one.eligible);
    eligible += one.eligible;
  }
  // Of no host at all, as of any other number: at least one.
  if (strata.size === 0) return hostCount(maxUnavailable, 0);
  return maxUnavailableInAll === undefined ? sum : Math.min(sum, hostCount(maxUnavailableInAll, eligible));
}
