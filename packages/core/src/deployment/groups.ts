import type { Digest } from '../ids.ts';
import type { Deployment, Judging, UpdateLimits } from './deployment.ts';
import { hasEnded } from './deployment.ts';

/** One of two groups of hosts at a time, the one without traffic first. */
export interface BlueGreenStrategy extends UpdateLimits, Judging {
  readonly kind: 'blue-green';
  /** The label whose value names the group that a host stands in. */
  readonly per: string;
  readonly groups: readonly [string, string];
  /** For how long the group that traffic has left stays as it is. */
  readonly keepSeconds: number;
  /** How long balancers may take to report that they have switched. */
  readonly switchSeconds: number;
}

/**
 * `idle`: the group without traffic is updated. `switching`: until balancers have reported. `watching`: its bake with
 * traffic. `kept`: the other group stays as it is. `second`: that one is updated too. `returning`: traffic was given
 * back, and balancers have not reported that yet; `returned`: they have.
 */
export type GroupsPhase = 'idle' | 'switching' | 'watching' | 'kept' | 'second' | 'returning' | 'returned';

/** Its times are milliseconds since 1970; none begins anew with the process. */
export interface GroupsState {
  readonly phase: GroupsPhase;
  /** The group that is updated first. */
  readonly idle: string;
  /** The group that had traffic when it began. */
  readonly serving: string;
  /** When the phase began. */
  readonly since: number;
  /** From when on `idle` has had traffic. */
  readonly exposed?: number;
  /** While returning: when balancers should have reported by. */
  readonly until?: number;
  /** While returning: a person was asked; then, that the person said to go on with what there is. */
  readonly asked?: 'waits' | 'waived';
  /** How many balancers had not reported where traffic goes when a person said to go on all the same. */
  readonly without?: number;
}

/** What is known of a product's traffic: what was ordered, and what the balancers reported of it. */
export interface TrafficEvidence {
  readonly serving: string;
  /** Rises with each switch. */
  readonly number: number;
  /** Balancers in all. */
  readonly of: number;
  /** Those that reported that they have applied it. */
  readonly applied: number;
  /** Those that are heard of and have not. */
  readonly behind: number;
  /** Those that fell silent before they reported it: where they send traffic nobody knows. Absent in older records. */
  readonly silent?: number;
  /** Some names of those that have not reported it, with what is known of them, for people. */
  readonly names: readonly string[];
}

/** How many balancers have not reported that they send traffic where it is ordered, whether they are heard of or not. */
export const missingIn = ({ behind, silent = 0 }: TrafficEvidence): number => behind + silent;

/** Whether every balancer has reported that it sends traffic where it is ordered; not where there is none. */
export function isApplied(traffic: TrafficEvidence | undefined): boolean {
  return traffic !== undefined && missingIn(traffic) === 0 && traffic.applied > 0;
}

/** What balancers are waited for, a sentence. */
export function missingBalancers(traffic: TrafficEvidence | undefined): string {
  if (traffic === undefined) return 'Nothing is known of its traffic any more.';
  const { serving, of, names } = traffic;
  if (of === 0) return `No host has the component that switches traffic to ${serving}.`;
  const missing = missingIn(traffic);
  const more = missing > names.length ? ` and ${missing - names.length} more` : '';
  return `${missing} of ${of} balancers have not reported that traffic goes to ${serving}: ${names.join(', ')}${more}.`;
}

/** The first state of a deployment over two groups, or null: traffic goes to neither. */
export function groupsAt(
  { groups: [one, other] }: Pick<BlueGreenStrategy, 'groups'>,
  traffic: TrafficEvidence | undefined,
  now: number,
): GroupsState | null {
  const serving = traffic?.serving;
  if (serving !== one && serving !== other) return null;
  return { phase: 'idle', idle: serving === one ? other : one, serving, since: now };
}

/** The group that is to have traffic. */
export function servingIn({ phase, idle, serving }: GroupsState): string {
  return phase === 'idle' || phase === 'returning' || phase === 'returned' ? serving : idle;
}

/** Whether the group that had traffic before is still as it was, and traffic has left it. */
export const isTurnedOver = ({ phase }: GroupsState): boolean =>
  phase === 'switching' || phase === 'watching' || phase === 'kept';

/** The state once traffic was given back to the group that had it before. */
export function returning(
  { idle, serving }: GroupsState,
  { switchSeconds }: Pick<BlueGreenStrategy, 'switchSeconds'>,
  now: number,
): GroupsState {
  return { phase: 'returning', idle, serving, since: now, until: now + switchSeconds * 1000 };
}

/** With what a way back begins after a deployment that had traffic given back: it waits until balancers have reported. */
export function waitingFor(groups: GroupsState, now: number): { readonly groups?: GroupsState } {
  const { phase, idle, serving, since, until = since } = groups;
  if (phase !== 'returning') return {};
  return { groups: { phase, idle, serving, since: now, until: now + until - since } };
}

/**
 * Whether a rollback of a product with two groups goes one by one, the one without traffic first. Not where the group
 * that has traffic runs already what it goes back to: where the only deployment since had not begun with it, and where the
 * same way back is begun again.
 */
export function goesBackInPhases({
  last,
  unsettled,
  settled,
  to,
}: {
  /** The newest deployment of the product; null: there was none. */
  readonly last: Pick<Deployment, 'kind' | 'strategy' | 'groups' | 'to'> | null;
  /** How many there were since the one that has settled. */
  readonly unsettled: number;
  readonly settled: Digest | null;
  readonly to: Digest;
}): boolean {
  if (last === null || last.kind === 'undeploy') return false;
  const { kind, strategy, groups } = last;
  const isOverGroups = strategy.kind === 'blue-green';
  if (kind === 'rollback') return isOverGroups || last.to?.digest !== to;
  return !isOverGroups || groups?.phase === 'second' || unsettled !== 1 || settled !== to;
}

/** Whether nobody else may switch traffic: a deployment goes by where it is. */
export function holdsTraffic(deployment: Pick<Deployment, 'state' | 'strategy' | 'groups'>): boolean {
  if (hasEnded(deployment)) return false;
  return deployment.strategy.kind === 'blue-green' || deployment.groups?.phase === 'returning';
}

/**
 * What a deployment becomes that a person, a quarantine or a way back ends while traffic has left the group that had it:
 * traffic is given back to that group in the same transaction. Null: there is nothing to give back.
 */
export function givenBack<T extends Deployment>(
  deployment: T,
  now: number,
): { readonly deployment: T & { readonly groups: GroupsState }; readonly to: string } | null {
  const { strategy, groups } = deployment;
  if (strategy.kind !== 'blue-green' || groups === undefined || hasEnded(deployment) || !isTurnedOver(groups))
    return null;
  // What a way back has left is what was to be left.
  if (deployment.kind === 'rollback') return null;
  return { deployment: { ...deployment, groups: returning(groups, strategy, now) }, to: groups.serving };
}
