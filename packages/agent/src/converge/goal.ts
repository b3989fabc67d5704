import type { ErrorCode } from '@xylem/core';
import type { WantedState } from '../direction/wanted.ts';
import { misfit, mustEnd } from '../migration/fit.ts';
import type { MayBegin } from '../moments/moments.ts';
import { isOccupied, type ObservedSlot } from '../slot/observed.ts';
import { isRefused, type Placed, type Refusal, sameInstall } from '../slot/placed.ts';
import type { StepKind } from './points.ts';

/** Why something is not as direction wants it. */
export interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
  /** In which step it failed; absent where none had begun. */
  readonly step?: StepKind;
}

/** Where one slot should be led now. */
export type Goal =
  /** `keepAlso`: a tree that is on its way and is not cleared up; `ahead`: it is fetched already. */
  | {
      readonly kind: 'run';
      readonly target: Placed;
      readonly keepAlso: Placed | null;
      readonly ahead?: boolean;
    }
  /** Nothing was ever here, and it may only be fetched. */
  | { readonly kind: 'ahead'; readonly target: Placed }
  | { readonly kind: 'absent'; readonly purge: boolean }
  /** Nothing of it runs, only the refusal is remembered. */
  | { readonly kind: 'parked' }
  /** Nothing of it runs; its tree, data and record stay. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'leave' };

export interface SlotGoal {
  readonly goal: Goal;
  /** Set when the goal is not what direction asks for. */
  readonly reason: Reason | null;
}

/**
 * What to lead a slot to: what direction wants, or, while that is refused, postponed or can't be had, what was
 * committed before. Pure.
 * @param postponed why it is not tried now, null to try
 * @param mayBegin why a change may not begin now; repairs and ways back are none
 */
export function goalOf(
  slot: ObservedSlot,
  wanted: WantedState,
  postponed: Reason | null,
  mayBegin: MayBegin = () => null,
): SlotGoal {
  const led = leadTo(slot, wanted, postponed, mayBegin);
  if (led.goal.kind !== 'run') return led;
  // What can't work with a database that the whole environment shares would harm it.
  const ends = mustEnd(led.goal.target, wanted.schemas);
  return ends === null ? led : { goal: { kind: 'ended' }, reason: led.reason ?? ends };
}

function reasonOf({ code, message, step }: Refusal): Reason {
  return { code, message, ...(step === undefined ? {} : { step }) };
}

function leadTo(
  slot: ObservedSlot,
  wanted: WantedState,
  postponed: Reason | null,
  mayBegin: MayBegin,
): SlotGoal {
  const installed = slot.record?.installed ?? null;
  const stay: Goal =
    installed === null ? { kind: 'leave' } : { kind: 'run', target: installed, keepAlso: null };
  const assigned = wanted.components.find(({ component }) => component === slot.component);
  if (assigned !== undefined) {
    const refusal = slot.record?.refused ?? null;
    if (isRefused(refusal, assigned)) {
      const reason = refusal && reasonOf(refusal);
      return { goal: installed === null ? { kind: 'parked' } : stay, reason };
    }
    const unfit = misfit(assigned, wanted.schemas);
    // What a database makes end is down: what comes in its place is awaited.
    const isAwaited = installed !== null && mustEnd(installed, wanted.schemas) !== null;
    const isChange = !isAwaited && (installed === null || !sameInstall(installed, assigned));
    const held = unfit === null && isChange ? mayBegin(slot, assigned) : null;
    if (held !== null) {
      const ahead = postponed === null;
      if (installed !== null)
        return { goal: { kind: 'run', target: installed, keepAlso: assigned, ahead }, reason: held };
      return { goal: ahead ? { kind: 'ahead', target: assigned } : stay, reason: held };
    }
    const waits = unfit ?? postponed;
    if (waits === null) return { goal: { kind: 'run', target: assigned, keepAlso: null }, reason: null };
    const goal: Goal = installed === null ? stay : { kind: 'run', target: installed, keepAlso: assigned };
    return { goal, reason: waits };
  }
  const held = wanted.held.find(({ component }) => component === slot.component);
  if (held !== undefined) {
    const goal: Goal = installed === null ? stay : { kind: 'run', target: installed, keepAlso: installed };
    return { goal, reason: { code: held.code, message: held.message } };
  }
  const purge = wanted.purge.includes(slot.component) && slot.hasData;
  if (!isOccupied(slot) && !purge) return { goal: { kind: 'leave' }, reason: null };
  const waits = mayBegin(slot, null) ?? postponed;
  if (waits !== null) return { goal: { kind: 'leave' }, reason: waits };
  return { goal: { kind: 'absent', purge }, reason: null };
}
