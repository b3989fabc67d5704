import { isAdmitted } from './counts.ts';
import type { AdvancePolicy, HostEvidence } from './deployment.ts';
import type { GroupsState } from './groups.ts';
import { isOffline } from './standing.ts';
import type { Turn } from './turns.ts';

type Groups = Pick<GroupsState, 'phase' | 'idle'>;
const isOf = (group: string, { host }: Turn): boolean => host.stratum === group;

/** A host's bake begins anew when its group is given traffic. */
export function withExposure(
  turns: readonly Turn[],
  { idle, exposed }: Pick<GroupsState, 'idle' | 'exposed'>,
  now: number,
): readonly Turn[] {
  if (exposed === undefined) return turns;
  return turns.map((turn) => {
    const host = exposedHost(turn.host, { idle, exposed }, now);
    return host === turn.host ? turn : { ...turn, host };
  });
}

export function exposedHost(
  host: HostEvidence,
  { idle, exposed = 0 }: Pick<GroupsState, 'idle' | 'exposed'>,
  now: number,
): HostEvidence {
  // A clock that went back lets no bake begin later than now.
  const from = Math.min(exposed, now);
  const { doneAt, stratum } = host;
  return typeof doneAt === 'number' && doneAt < from && stratum === idle ? { ...host, doneAt: from } : host;
}

/** The hosts that a phase is about. */
export function turnsOf({ phase, idle }: Groups, turns: readonly Turn[]): readonly Turn[] {
  return phase === 'second' ? turns : turns.filter((turn) => isOf(idle, turn));
}

export function hostsOf({ phase, idle }: Groups, hosts: readonly HostEvidence[]): readonly HostEvidence[] {
  return phase === 'second' ? hosts : hosts.filter(({ stratum }) => stratum === idle);
}

/**
 * Who may be admitted: never hosts of one group while some of the other are updating. A host that joins the group that
 * has it, or stands in neither group, comes too: the first before the other group, the second with it.
 */
export function quotaOf(
  { phase, idle }: Groups,
  turns: readonly Turn[],
  now: number,
  policy: AdvancePolicy,
): { readonly of: (eligible: number, stratum: string | null) => number; readonly isEveryone: boolean } {
  const isUpdating = (isFirst: boolean): boolean =>
    turns.some((turn) => turn.standing === 'updating' && isOf(idle, turn) === isFirst);
  const lacks = turns.some(
    (turn) => isOf(idle, turn) && !isAdmitted(turn.host) && !isOffline(turn.host, now, policy),
  );
  const isSecond = phase === 'second';
  const first = !isUpdating(false);
  const second = isSecond && !isUpdating(true) && !(first && lacks);
  return {
    of: (eligible, stratum) => ((stratum === idle ? first : second) ? eligible : 0),
    isEveryone: isSecond && first && second,
  };
}

export function phaseText({ phase, idle, serving }: Pick<GroupsState, 'phase' | 'idle' | 'serving'>): string {
  switch (phase) {
    case 'idle':
      return `${idle}, without traffic`;
    case 'switching':
      return `${idle}, while traffic comes to it`;
    case 'watching':
      return `${idle}, with traffic`;
    case 'kept':
      return `${idle}, with traffic, and ${serving} kept as it was`;
    default:
      return `${serving}, without traffic`;
  }
}
