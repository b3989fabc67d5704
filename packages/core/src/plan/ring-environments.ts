import { type FailureEvent, type FailureState, updateFailures } from '../statistics/failures.ts';
import type { RingDeployment, RingLook, RingMember } from './ring.ts';
import { failedIn } from './ring-hosts.ts';

const test = { kind: 'controls' } as const;

/** Events of environments as wholes: each enters as a control, and becomes an exposed one when its turn comes. */
export function watchedEnvironments(
  state: FailureState,
  members: readonly RingMember[],
  now: number,
  silentAfterMs: number,
): { readonly environments: FailureState; readonly marks: RingLook['marks'] } {
  const before: FailureEvent[] = [];
  const after: FailureEvent[] = [];
  const marks = new Map<string, NonNullable<RingMember['watched']>>();
  const event = (
    host: string,
    arm: FailureEvent['arm'],
    kind: FailureEvent['kind'],
    at = now,
  ): FailureEvent => ({
    at,
    host,
    stratum: '',
    arm,
    kind,
  });
  for (const { environment, watched: was, isWatchable, unwellAt, deployment } of members) {
    let as = was;
    if (as === null && deployment === null && isWatchable) {
      as = 'control';
      before.push(event(environment, as, 'enter'));
    }
    if (as === 'control' && unwellAt !== null && unwellAt <= (deployment?.began ?? now)) {
      as = 'over';
      before.push(event(environment, 'control', 'failed', unwellAt));
    }
    if (as === 'control' && deployment !== null) {
      as = 'exposed';
      const at = deployment.began;
      before.push(event(environment, 'control', 'leave', at), event(environment, as, 'enter', at));
    }
    const end = as === 'exposed' && deployment !== null ? endOf(deployment, now, silentAfterMs) : null;
    if (end !== null) {
      as = 'over';
      after.push(event(environment, 'exposed', end));
    }
    if (as !== null && as !== was) marks.set(environment, as);
  }
  if (before.length + after.length === 0) return { environments: state, marks: [] };
  // Who fails in the look in which it entered was at risk before it failed.
  const entered = updateFailures(test, state, before);
  return {
    environments: updateFailures(test, entered, after),
    marks: [...marks].map(([environment, as]) => ({ environment, watched: as })),
  };
}

/**
 * Only failures of hosts that were well before count, updated or not: before its turn, too, any of them counts. `ok` is said once silence would have been noticed; who was stopped
 * by a person, or for another reason, has said nothing.
 */
function endOf({ failures, ended, state }: RingDeployment, now: number, silentAfterMs: number) {
  const isBad = failures !== null && failedIn(failures.exposed) + failedIn(failures.control) > 0;
  if (isBad) return 'failed';
  if (ended === null) return null;
  if (state !== 'succeeded') return 'leave';
  return now - ended >= silentAfterMs ? 'ok' : null;
}
