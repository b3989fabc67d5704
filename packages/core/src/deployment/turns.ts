import { cohortHash } from '../direction/cohort.ts';
import type { HostId } from '../ids.ts';
import { marking } from './apply.ts';
import { type Counts, countsOf, hasFailedBefore, isAdmitted, mostUnavailable } from './counts.ts';
import { type Course, courseOf } from './course.ts';
import type {
  AdvancePolicy,
  Decision,
  Deployment,
  HostEvidence,
  Judging,
  Progress,
  Standing,
} from './deployment.ts';
import { standingOf } from './standing.ts';

/** An eligible host in the order of its turn. */
export interface Turn {
  readonly host: HostEvidence;
  readonly hash: string;
  readonly standing: Standing;
}

/** Eligible hosts at one moment. */
export interface Turns {
  readonly counts: Counts;
  /** In the order of their turn; goes over each of them. */
  all(): readonly Turn[];
  /**
   * Those that are not admitted, in the order of their turn.
   * @param isPast of which values of the strategy's label none is wanted any more; asked again before each host
   */
  waiting(isPast: (stratum: string | null) => boolean): Iterable<Turn>;
  /** In the order of their turn. */
  named(hosts: ReadonlySet<HostId>): readonly Turn[];
  /** When the next bake of those ends that were admitted at `since` or later, by time alone; null: none does. */
  nextBakeEnd(since: number): number | null;
}

/** All that is known of a deployment's hosts at one moment. */
export interface Overview extends Turns {
  hosts(): readonly HostEvidence[];
  /** Those, in the order of their turn, of which something may have to be marked. */
  noticed(): readonly Turn[];
  /** Not eligible (any more); of those that are not watched none need be named. */
  gone(): readonly HostEvidence[];
  /** Whom people took out. */
  skipped(): readonly HostEvidence[];
  /** @param then is given the hosts as these marks make them, and keeps nothing of them */
  supposing<Said>(marks: readonly Decision[], then: (turns: Turns) => Said): Said;
}

/** The eligible hosts in the order of their turn. */
export function inTurn(
  deployment: Deployment,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
): Turn[] {
  const turns: Turn[] = [];
  for (const host of evidence) {
    if (!isEligible(host)) continue;
    const hash = cohortHash(deployment.salt, host.id);
    turns.push({ host, hash, standing: standingOf(deployment, host, now, policy) });
  }
  return turns.sort(orderOf(deployment));
}

/** Who comes before whom. */
export function orderOf({ kind }: Pick<Deployment, 'kind'>): (a: Turn, b: Turn) => number {
  const direction = kind === 'undeploy' ? -1 : 1;
  return (a, b) => (a.hash < b.hash ? -direction : a.hash > b.hash ? direction : 0);
}

/** Everything looked at anew. `Tally` says the same of what it was told. */
export function overviewOf(
  deployment: Deployment,
  evidence: readonly HostEvidence[],
  now: number,
  policy: AdvancePolicy,
): Overview {
  const course = courseOf(deployment.strategy);
  const turns = inTurn(deployment, evidence, now, policy);
  return {
    ...listed(course, turns, now, policy),
    hosts: () => evidence,
    noticed: () => turns,
    gone: () => evidence.filter((host) => !isEligible(host)),
    skipped: () => skippedOf(evidence),
    supposing: (marks, then) => then(listed(course, marked(turns, marks, now), now, policy)),
  };
}

export function listed(
  course: Course | null,
  turns: readonly Turn[],
  now: number,
  policy: AdvancePolicy,
): Turns {
  return {
    counts: countsOf(course, turns, now, policy),
    all: () => turns,
    *waiting(isPast) {
      for (const turn of turns) if (!isAdmitted(turn.host) && !isPast(turn.host.stratum ?? null)) yield turn;
    },
    named: (hosts) => (hosts.size === 0 ? [] : turns.filter(({ host }) => hosts.has(host.id))),
    nextBakeEnd(since) {
      const ends = turns
        .filter((turn) => isExposedSince(turn, since))
        .map(({ host }) => bakeEnd(course, host, now))
        .filter((end) => end > now);
      return ends.length === 0 ? null : ends.reduce((a, b) => Math.min(a, b));
    },
  };
}

/** Whether it was admitted at this time or later, and is done. */
export const isExposedSince = ({ host, standing }: Turn, since: number): boolean =>
  isAdmitted(host) && standing === 'done' && (host.admittedAt ?? 0) >= since;

export const bakeEnd = (
  judging: Pick<Judging, 'bakeSeconds'> | null,
  host: HostEvidence,
  now: number,
): number => (host.doneAt ?? now) + (judging?.bakeSeconds ?? 0) * 1000;

/** With these marks, which count at once. */
export function marked(turns: readonly Turn[], marks: readonly Decision[], now: number): readonly Turn[] {
  const after = marking(marks, now);
  return turns.map((turn) => {
    const host = after(turn.host);
    return host === turn.host ? turn : { ...turn, host };
  });
}

/** Whether a deployment is for it: it is given something of it, and no person took it out. */
export const isEligible = ({ components, skipped }: HostEvidence): boolean =>
  components.length > 0 && skipped !== true;

/** Hosts that people took out. */
export const skippedOf = (evidence: readonly HostEvidence[]): HostEvidence[] =>
  evidence.filter(({ skipped }) => skipped === true);

export function progressOf(
  { strategy }: Deployment,
  counts: Counts,
  skipped: readonly HostEvidence[],
): Progress {
  const { eligible, admitted, waiting, updating, keptBack, done, failed, silent, offline } = counts;
  const lost = skipped.filter(hasFailedBefore).length;
  const all = strategy.kind === 'all-at-once';
  const progress = { eligible, admitted, waiting, updating, keptBack, done, failed, silent, offline };
  return {
    ...progress,
    maxUnavailable: all ? eligible : mostUnavailable(strategy, counts.strata),
    ...(courseOf(strategy) === null ? {} : { baking: counts.baking }),
    ...(skipped.length === 0 ? {} : { skipped: skipped.length }),
    ...(lost === 0 ? {} : { skippedFailed: lost }),
  };
}
