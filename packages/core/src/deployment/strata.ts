import { cohortHash } from '../direction/cohort.ts';
import type { Strata } from './counts.ts';
import type { Deployment, HostEvidence } from './deployment.ts';

/** So many values of a label have a threshold of their own; the hosts of all others share one. */
const mostStrata = 64;
/** What all their names may take together: they stand in a selector. */
const mostStrataText = 1500;
/** So long a component's selector may be where a strategy adds the values of a label to it. */
export const mostStratifiedSelector = 2000;

type Thresholds = Pick<Deployment, 'threshold' | 'strata'>;

/** Which threshold counts for a host: that of its value, or null for the one that all others share. */
export function cohortOf({ strata }: Pick<Deployment, 'strata'>, stratum: string | null | undefined) {
  return typeof stratum === 'string' && strata !== undefined && Object.hasOwn(strata, stratum)
    ? stratum
    : null;
}

export function thresholdOf(deployment: Thresholds, stratum: string | null | undefined): string {
  const cohort = cohortOf(deployment, stratum);
  return (cohort === null ? undefined : deployment.strata?.[cohort]) ?? deployment.threshold;
}

/** Whether the present threshold takes a host in, held or not. */
export function isWithin(
  deployment: Pick<Deployment, 'kind' | 'salt'> & Thresholds,
  { id, stratum }: Pick<HostEvidence, 'id' | 'stratum'>,
): boolean {
  return takesIn(deployment, cohortHash(deployment.salt, id), stratum);
}

/** The same of a host whose hash is known. */
export function takesIn(
  deployment: Pick<Deployment, 'kind'> & Thresholds,
  hash: string,
  stratum: string | null | undefined,
): boolean {
  const threshold = thresholdOf(deployment, stratum);
  return deployment.kind === 'undeploy' ? hash > threshold : hash <= threshold;
}

/**
 * The values that get thresholds of their own, chosen once for a deployment: those with the most hosts, then by name.
 * A value that no selector can name is none of them.
 */
export function namedStrata(strata: Strata, threshold: string): Readonly<Record<string, string>> {
  const byCount = [...strata]
    .flatMap(([value, { eligible }]): [string, number][] =>
      value === null || /["\n\r]/.test(value) ? [] : [[value, eligible]],
    )
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  let room = mostStrataText;
  const named: string[] = [];
  for (const [value] of byCount.slice(0, mostStrata)) {
    room -= value.length + 4;
    if (room >= 0) named.push(value);
  }
  return Object.fromEntries(named.sort().map((value) => [value, threshold]));
}
