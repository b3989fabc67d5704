import type { AdvancePolicy, Decision, Deployment, DeploymentKind } from './deployment.ts';
import { isWithin } from './strata.ts';
import { isAdmitted, type Turn } from './turns.ts';

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
export function keptOut(deployment: Deployment, turns: readonly Turn[]): Decision[] {
  const hosts = turns
    .filter(({ host }) => !isAdmitted(host) && !host.held && isWithin(deployment, host))
    .map(({ host }) => host.id);
  return hosts.length === 0 ? [] : [{ kind: 'hold', hosts }];
}
