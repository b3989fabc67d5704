import { fromB64u, hmacSha256 } from '../hashing.ts';
import type { HostId } from '../ids.ts';
import type { Cohort } from '../wire/desired-state.ts';

/** The threshold that admits every host, also one that joins later. */
export const everyone = 'f'.repeat(64);
/** The threshold that admits nobody (a hash of zeros does not occur). */
export const nobody = '0'.repeat(64);

/** A host's place in the order of a salt: 64 hexadecimal digits, compared as text. `salt` is b64u. */
export function cohortHash(salt: string, host: HostId): string {
  return hmacSha256(fromB64u(salt), host);
}

/** Whether a host is admitted (docs/spec/direction.md). */
export function inCohort(cohort: Cohort, host: HostId): boolean {
  return cohortHash(cohort.salt, host) <= cohort.atMost;
}

/** The threshold that admits exactly `count` of `hosts`: the count-th smallest hash. */
export function thresholdForCount(salt: string, hosts: Iterable<HostId>, count: number): string {
  if (count <= 0) return nobody;
  const hashes = Array.from(hosts, (host) => cohortHash(salt, host)).sort();
  return hashes[Math.min(count, hashes.length) - 1] ?? nobody;
}
