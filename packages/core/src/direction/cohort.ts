import { fromB64u, hmacSha256 } from '../hashing.ts';
import type { HostId } from '../ids.ts';
import type { Cohort } from '../wire/desired-state.ts';

/** The threshold that admits every host, also one that joins later. */
export const everyone = 'f'.repeat(64);
/** The threshold that admits nobody (a hash of zeros does not occur). */
export const nobody = '0'.repeat(64);

/** Hashes that were asked for lately, by salt: a deployment needs the same ones with every report that comes. */
const known = new Map<string, Map<HostId, string>>();
let count = 0;
const mostSalts = 16;
const mostHashes = 2_000_000;

/** A host's place in the order of a salt: 64 hexadecimal digits, compared as text. `salt` is b64u. Pure. */
export function cohortHash(salt: string, host: HostId): string {
  const before = known.get(salt)?.get(host);
  if (before !== undefined) return before;
  const hash = hmacSha256(fromB64u(salt), host);
  remember(salt, host, hash);
  return hash;
}

function remember(salt: string, host: HostId, hash: string): void {
  while (known.size > 0 && (count >= mostHashes || (known.size >= mostSalts && !known.has(salt)))) {
    const [oldest] = known;
    if (oldest === undefined) break;
    known.delete(oldest[0]);
    count -= oldest[1].size;
  }
  const ofSalt = known.get(salt) ?? new Map<HostId, string>();
  known.set(salt, ofSalt.set(host, hash));
  count += 1;
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
