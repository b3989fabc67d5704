import { hasFailedBefore, isAdmitted } from './counts.ts';
import { courseOf } from './course.ts';
import type { AdvancePolicy, Deployment, DeploymentState, HostEvidence } from './deployment.ts';
import { isSilent, standingOf } from './standing.ts';
import { isEligible } from './turns.ts';

/** What people may say of one host of a deployment, and in which states of it; in others it is refused (E_DEPLOYMENT_STATE). */
export const hostActs = {
  skip: ['running', 'paused'],
  /** Of one that has succeeded the host comes to what is settled then. */
  unskip: ['running', 'paused', 'succeeded'],
  retry: ['running', 'paused'],
} as const satisfies Record<string, readonly DeploymentState[]>;
export type HostAct = keyof typeof hostActs;

export function mayAct(act: HostAct, { state }: Pick<Deployment, 'state'>): boolean {
  const allowed: readonly DeploymentState[] = hostActs[act];
  return allowed.includes(state);
}

/**
 * Whether a host has failed by what is known now, as the deployment counts failures. Who skips it, or lets it try again,
 * does not take that back. Pure.
 */
export function countsAsFailed(
  deployment: Deployment,
  host: HostEvidence,
  now: number,
  policy: AdvancePolicy,
): boolean {
  if (hasFailedBefore(host)) return true;
  if (!isEligible(host) || !isAdmitted(host)) return false;
  const standing = standingOf(deployment, host, now, policy);
  if (standing === 'failed') return true;
  const course = courseOf(deployment.strategy);
  return course !== null && isSilent(course, host, standing, now, policy);
}

/** Its components that refused what the deployment brings, with the codes that they said. Pure. */
export function refusedIn({ components }: Deployment, host: HostEvidence): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of host.components) {
    const refused = host.reported.find(({ component }) => component === name)?.refused;
    if (refused !== undefined && refused.package === components[name]?.to) found.set(name, refused.code);
  }
  return found;
}
