import type { Report } from '../wire/report.ts';
import type { AdvancePolicy, Deployment, HostEvidence } from './deployment.ts';
import { isOffline, standingOf } from './standing.ts';
import { isEligible } from './turns.ts';

/** Why a host has not come to what a deployment brings. A code: what the host itself said last, or what keeps it out. */
export type LaggardReason =
  /** `unseen`: before or after its turn came. `turn`: it has not come. `silent`: since it was admitted. */
  | 'unseen'
  | 'turn'
  | 'silent'
  | 'unhealthy'
  | 'under way'
  /** On its way through other releases. */
  | 'waypoint'
  /** The deployment does not come to it, or not with all. */
  | 'skipped'
  | 'pinned'
  | `E_${string}`;

export interface Laggard {
  readonly reason: LaggardReason;
  /** The host's own words, or who or what keeps it; null: there are none. */
  readonly message: string | null;
}

/**
 * Why a host that takes part lags behind, by its newest report; null: it does not. Pure.
 * @param waiting of that report
 * @param now milliseconds since 1970
 */
export function laggardOf(
  deployment: Deployment,
  host: HostEvidence,
  waiting: Report['waiting'],
  now: number,
  policy: AdvancePolicy,
): Laggard | null {
  if (!isEligible(host)) return null;
  const standing = standingOf(deployment, host, now, policy);
  if (standing === 'done') return null;
  if (standing === 'failed') return failureOf(deployment, host);
  if (isOffline(host, now, policy)) return { reason: 'unseen', message: null };
  if (standing === 'silent') return { reason: 'silent', message: null };
  const own = waiting.find(({ component }) => component !== null && host.components.includes(component));
  const said = own ?? waiting.find(({ component }) => component === null);
  if (said !== undefined) return { reason: said.code as LaggardReason, message: said.message };
  return { reason: standing === 'waiting' ? 'turn' : 'under way', message: null };
}

function failureOf({ components }: Deployment, host: HostEvidence): Laggard {
  for (const name of host.components) {
    const refused = host.reported.find(({ component }) => component === name)?.refused;
    if (refused !== undefined && refused.package === components[name]?.to)
      return { reason: refused.code as LaggardReason, message: refused.message };
  }
  return { reason: 'unhealthy', message: null };
}
