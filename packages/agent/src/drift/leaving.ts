import type { Reason } from '../converge/goal.ts';
import type { Plan } from '../converge/plan.ts';
import type { ObservedSlot } from '../slot/observed.ts';

/** What a report says of drift that nobody puts back. */
export const leftAlone = (component: string, what: string): Reason => ({
  code: 'E_DRIFT',
  message: `${component} was changed on this host by something else: ${what}. It stays so (\`drift: report\`) until its next version comes.`,
});

/**
 * Where drift is to be reported alone: what would put it back is not done, and says so. A service that is down is put
 * right all the same, for it can't be started from what is not there. Pure.
 */
export function leavingDrift(planned: Plan, slots: ReadonlyMap<string, ObservedSlot>): Plan {
  const waiting = new Map(planned.waiting);
  const left = planned.slots.filter(({ component, drift }) => {
    if (drift === null || slots.get(component)?.running?.alive === false) return true;
    waiting.set(component, leftAlone(component, drift));
    return false;
  });
  return { slots: left, waiting };
}
