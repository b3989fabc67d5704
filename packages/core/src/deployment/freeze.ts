import type { HostId } from '../ids.ts';
import type { AdvancePolicy, Decision, Deployment, DeploymentKind } from './deployment.ts';
import { cohortOf, takesIn } from './strata.ts';
import type { Turns } from './turns.ts';

/** Whether a freeze holds it up: who goes back does not, nor what is urgent and says why. */
export const heedsFreezes = ({
  kind,
  urgent,
  why,
}: {
  readonly kind: DeploymentKind;
  readonly urgent?: boolean;
  readonly why?: string;
}): boolean => kind !== 'rollback' && (urgent !== true || why === undefined);

/** The freeze that holds a deployment up, a sentence, or null. */
export function frozenBy(deployment: Deployment, { frozen }: AdvancePolicy): string | null {
  return frozen !== undefined && heedsFreezes(deployment) ? frozen : null;
}

/**
 * All that is decided about who is exposed while nobody is admitted: who came within the threshold since (joined, or
 * relabelled) keeps what it runs.
 */
export function keptOut(deployment: Deployment, turns: Turns): Decision[] {
  const past = new Set<string | null>();
  const hosts: HostId[] = [];
  for (const { host, hash } of turns.waiting((stratum) => past.has(cohortOf(deployment, stratum)))) {
    if (!takesIn(deployment, hash, host.stratum)) past.add(cohortOf(deployment, host.stratum));
    else if (!host.held) hosts.push(host.id);
  }
  return hosts.length === 0 ? [] : [{ kind: 'hold', hosts }];
}
