import { readFile } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Moments } from '@xylem/core/windows';
import type { Clock, Log } from '@xylem/platform';
import type { Reason } from '../converge/goal.ts';
import { isBegun, parseJournal } from '../converge/journal.ts';
import type { SlotPlan } from '../converge/steps.ts';
import type { WantedState } from '../direction/wanted.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import { installFingerprint, isRefused, type Placed } from '../slot/placed.ts';
import type { StateLayout } from '../state/layout.ts';
import { type Change, type DirectedMoments, judge } from './judge.ts';
import { type ChangeRecord, changesFile, withChange } from './record.ts';

type Slots = ReadonlyMap<string, ObservedSlot>;

/** When this host may begin to change what it runs, by its accepted direction alone. */
export interface HostMoments {
  /**
   * Reads what decides now.
   * @returns why a component may not be led to another target now (null: to its removal), or null; pure
   */
  look(wanted: WantedState | null, slots: Slots): Promise<MayBegin>;
  /** To be called before the first step that touches what runs: it counts from here. @throws XylemError E_OUTSIDE_WINDOW, E_FROZEN, E_QUOTA, E_CLOCK, E_WINDOW_INVALID */
  begin(plan: SlotPlan): Promise<void>;
  /** After a pass: a new host that has come to what it should run is no longer new. */
  settled(wanted: WantedState | null, slots: Slots): Promise<void>;
  /** Milliseconds until something that is held may begin, or null. */
  nextInMs(): number | null;
}

export type MayBegin = (slot: ObservedSlot, target: Placed | null) => Reason | null;

export interface MomentsOptions {
  readonly layout: StateLayout;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: somebody only looks, and nothing is written. */
  readonly remembers: boolean;
}

const always: MayBegin = () => null;

export function hostMoments({ layout, clock, log, remembers }: MomentsOptions): HostMoments {
  const file = changesFile(layout, log);
  let record: ChangeRecord | null = null;
  let directed: DirectedMoments | undefined;
  let moments: Moments | XylemError | null = null;
  let nextMs: number | null = null;

  const write = async (next: ChangeRecord): Promise<void> => {
    record = next;
    if (remembers) await file.write(next);
  };
  const follow = async (next: DirectedMoments | undefined): Promise<void> => {
    if (next === directed) return;
    moments = next === undefined ? null : await momentsFor(next);
    directed = next;
  };
  const judged = (change: Change): Reason | null => {
    if (directed === undefined || record === null) return null;
    const held = judge(change, directed, moments, record, clock.now());
    if (held !== null && held.nextMs !== null) nextMs = Math.min(nextMs ?? held.nextMs, held.nextMs);
    return held;
  };

  return {
    look: async (wanted, slots) => {
      nextMs = null;
      await follow(wanted?.moments);
      if (directed === undefined) return always;
      record ??= await file.read();
      // Who has something was set up before anybody spoke of windows.
      if (record === null) await write({ settled: [...slots.values()].some(isInstalled), begun: [] });
      const begun = await begunChanges(layout, slots);
      return (slot, target) =>
        judged({
          component: slot.component,
          version: target?.version ?? null,
          isInstalled: isInstalled(slot),
          urgency: target ?? {},
          isReturn: slot.record?.previous.some((kept) => kept.package === target?.package) ?? false,
          isBegun: begun(slot.component, target),
        });
    },
    begin: async ({ component, action, target, isReturn }) => {
      const isChange =
        action === 'install' || action === 'update' || action === 'remove' || action === 'purge';
      if (!isChange || directed === undefined || record === null) return;
      const version = target?.version ?? null;
      const isInstalled = action !== 'install';
      const held = judged({
        component,
        version,
        isInstalled,
        urgency: target ?? {},
        isReturn,
        isBegun: false,
      });
      if (held !== null) throw new XylemError(held.code, held.message);
      const { quota } = directed.policy;
      if (quota === undefined || (!record.settled && !isInstalled)) return;
      await write(withChange(record, component, clock.now(), quota.hours * 3_600_000));
    },
    settled: async (wanted, slots) => {
      if (wanted === null || record === null || record.settled) return;
      const isThere = (placed: Placed): boolean => {
        const found = slots.get(placed.component)?.record;
        return found?.installed?.package === placed.package || isRefused(found?.refused ?? null, placed);
      };
      if (wanted.components.every(isThere)) await write({ ...record, settled: true });
    },
    nextInMs: () => (nextMs === null ? null : Math.max(0, nextMs - clock.now())),
  };
}

const isInstalled = ({ record }: ObservedSlot): boolean => (record?.installed ?? null) !== null;

/** Loaded where direction has windows or freezes, and nowhere else: 8 MB. */
async function momentsFor({ policy, host }: DirectedMoments): Promise<Moments | XylemError | null> {
  if (policy.windows === undefined && policy.freezes === undefined) return null;
  const { momentsOf } = await import('@xylem/core/windows');
  try {
    return momentsOf(policy, host);
  } catch (error) {
    if (error instanceof XylemError) return error;
    throw error;
  }
}

/** What was begun and cut off, by the journals. */
async function begunChanges(
  layout: StateLayout,
  slots: Slots,
): Promise<(component: string, target: Placed | null) => boolean> {
  const entries = new Map<string, ReturnType<typeof parseJournal>>();
  for (const component of slots.keys()) {
    const text = await readFile(layout.component(component).journal, 'utf8').catch(() => '');
    if (text !== '') entries.set(component, parseJournal(text));
  }
  return (component, target) =>
    isBegun(entries.get(component) ?? [], target === null ? '' : installFingerprint(target));
}
