import type { XylemError } from '@xylem/core';
import type { WantedState } from '../direction/wanted.ts';
import type { HostMoments } from '../moments/moments.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import type { ExecuteOptions } from './execute.ts';
import { executeSlot } from './execute.ts';
import type { Reason } from './goal.ts';
import { type LockSeams, locksOf } from './locks.ts';
import { observeSlots } from './observe.ts';
import { type Plan, planSlots } from './plan.ts';
import type { SlotPlan } from './steps.ts';

/** What is after a pass, for reports. */
export interface Convergence {
  readonly slots: ReadonlyMap<string, ObservedSlot>;
  readonly waiting: ReadonlyMap<string, Reason>;
  /** Nothing left to do now. */
  readonly rested: boolean;
}

export interface Converger {
  /** Observes, plans, acts and looks again until nothing is left that can be done now. */
  run(
    wanted: (slots: ReadonlyMap<string, ObservedSlot>) => WantedState | null,
    onPlan: (plan: SlotPlan) => void,
  ): Promise<Convergence>;
  /** Milliseconds until something that was postponed should be tried, or null. */
  retryInMs(): number | null;
  /** Direction changed: what was postponed may be tried at once. */
  forgetPostponed(): void;
}

interface Postponed extends Reason {
  readonly untilMs: number;
  readonly pauseMs: number;
}

/** Each turn changes one slot; a fleet's component count is far below. */
const mostTurns = 20_000;

/** Of one component in one pass. */
const mostRepairs = 3;

export interface ConvergerOptions extends Omit<ExecuteOptions, 'mayTouch'>, LockSeams {
  readonly tools: ExecuteOptions['tools'];
  /** When changes may begin; absent: at any moment. */
  readonly moments?: HostMoments | undefined;
  readonly slotRetryMs: number;
  /** Between 0 and 1, for jitter: hosts that lost the same parent must not come back to it together. */
  readonly fraction: () => number;
  /** What of a plan may be done; absent: all of it. */
  readonly gate?: ((plan: Plan, slots: ReadonlyMap<string, ObservedSlot>) => Plan) | undefined;
  /** Around each plan that is acted upon. */
  readonly aside?: { begin(plan: SlotPlan): void; end(plan: SlotPlan): void } | undefined;
  /** What became of a plan that was acted upon. */
  readonly ended?: ((plan: SlotPlan, error: XylemError | null) => Promise<void>) | undefined;
}

export function converger(options: ConvergerOptions): Converger {
  const { tools, slotRetryMs } = options;
  const postponed = new Map<string, Postponed>();
  const locks = locksOf(options);
  const { moments } = options;
  const mayTouch = async (plan: SlotPlan): Promise<void> => {
    await locks.refuse(plan);
    // Last, for from here on it counts as changed.
    await moments?.begin(plan);
  };

  const active = (): Map<string, Reason> => {
    const nowMs = tools.clock.monotonicMs();
    return new Map([...postponed].filter(([, { untilMs }]) => untilMs > nowMs));
  };
  const postpone = (component: string, reason: Reason): void => {
    const before = postponed.get(component)?.pauseMs ?? slotRetryMs / 2;
    const pauseMs = Math.min(before * 2, slotRetryMs * 32);
    const { code, message, step } = reason;
    const untilMs = tools.clock.monotonicMs() + pauseMs * (0.75 + options.fraction() / 2);
    postponed.set(component, { code, message, ...(step === undefined ? {} : { step }), pauseMs, untilMs });
  };
  /** What is due and needs nothing any more came right by another hand: it must not be waited for again and again. */
  const forgetRighted = (needing: ReadonlySet<string>): void => {
    const stillActive = active();
    for (const component of postponed.keys()) {
      if (!stillActive.has(component) && !needing.has(component)) postponed.delete(component);
    }
  };

  return {
    run: async (wanted, onPlan) => {
      const failedNow = new Set<string>();
      const repairs = new Map<string, number>();
      for (let turn = 0; turn < mostTurns; turn += 1) {
        tools.signal.throwIfAborted();
        const slots = await observeSlots(tools, tools.drivers);
        const now = wanted(slots);
        const mayBegin = await moments?.look(now, slots);
        const planned = planSlots({
          slots,
          wanted: now,
          ...(mayBegin === undefined ? {} : { mayBegin }),
          postponed: active(),
          places: tools,
          drivers: tools.drivers,
        });
        const plan = options.gate?.(planned, slots) ?? planned;
        const next = plan.slots.find(({ component }) => !failedNow.has(component));
        if (next === undefined) {
          forgetRighted(new Set(plan.slots.map(({ component }) => component)));
          await locks.settled(slots.keys(), plan.waiting);
          await moments?.settled(now, slots);
          return { slots, waiting: plan.waiting, rested: plan.slots.length === 0 };
        }
        onPlan(next);
        tools.log.info('acts', {
          component: next.component,
          action: next.action,
          steps: next.steps.map(({ kind }) => kind),
        });
        options.aside?.begin(next);
        const outcome = await executeSlot(next, { ...options, mayTouch }).finally(() =>
          options.aside?.end(next),
        );
        await options.ended?.(next, outcome.kind === 'failed' ? outcome.error : null);
        const isChange = next.action === 'update' || next.action === 'remove';
        if (isChange && outcome.kind !== 'failed') await locks.forget(next.component);
        if (outcome.kind === 'done') {
          if (!active().has(next.component)) postponed.delete(next.component);
          if (next.action === 'repair') {
            const times = (repairs.get(next.component) ?? 0) + 1;
            repairs.set(next.component, times);
            // Somebody, or it itself, undoes what is repaired: the rest of the host must not wait for that to end.
            if (times >= mostRepairs) failedNow.add(next.component);
          }
          continue;
        }
        if (outcome.kind === 'refused') continue;
        // Direction changed under way: the next plan knows.
        if (outcome.error.code === 'E_INTERRUPTED') continue;
        const isNew = next.action === 'install' || next.action === 'update';
        // After a failed change the way back is still to be taken; after anything else nothing more can be done now.
        if (!isNew || active().has(next.component)) failedNow.add(next.component);
        if (active().has(next.component)) continue;
        const { code, message } = outcome.error;
        postpone(next.component, { code, message, step: outcome.step });
      }
      throw new Error('the plan never becomes empty');
    },
    retryInMs: () => {
      const nowMs = tools.clock.monotonicMs();
      const times = [...postponed.values()].map(({ untilMs }) => Math.max(0, untilMs - nowMs));
      return times.length === 0 ? null : Math.min(...times);
    },
    forgetPostponed: () => postponed.clear(),
  };
}
