import { type Digest, inOrder, isDigest } from '@xylem/core';
import type { WantedState } from '../direction/wanted.ts';
import type { Drivers, Places } from '../drivers/driver.ts';
import type { MayBegin } from '../moments/moments.ts';
import { emptySlot, isOccupied, type ObservedSlot } from '../slot/observed.ts';
import { type Placed, sameInstall } from '../slot/placed.ts';
import { type Goal, goalOf, type Reason } from './goal.ts';
import type { ComponentKind } from './points.ts';
import type { Action, SlotPlan, Step } from './steps.ts';

export interface PlanInput {
  readonly slots: ReadonlyMap<string, ObservedSlot>;
  /** Null before anything was ever accepted: then nothing is touched. */
  readonly wanted: WantedState | null;
  /** Components that failed for a passing reason and are not tried now. */
  readonly postponed: ReadonlyMap<string, Reason>;
  /** Why a change may not begin now; absent: it may. */
  readonly mayBegin?: MayBegin;
  readonly places: Places;
  readonly drivers: Drivers;
}

export interface Plan {
  /** One for each slot that needs something, in the order in which to act. */
  readonly slots: readonly SlotPlan[];
  /** Why components are not where direction wants them. */
  readonly waiting: ReadonlyMap<string, Reason>;
}

/**
 * The difference between what is and what should be, as data. Pure.
 *
 * Invariants (property-tested): after applying a plan the next is empty; only a `purge` step ever concerns data, and
 * only for a component that direction purges and gives to nobody here; components come after those they name in
 * `after`, removals the other way round and first.
 */
export function planSlots(input: PlanInput): Plan {
  const { slots, wanted, mayBegin = () => null } = input;
  const waiting = new Map<string, Reason>();
  if (wanted === null) return { slots: [], waiting };
  const plans: SlotPlan[] = [];
  const add = (slot: ObservedSlot, goal: Goal): SlotPlan | null => {
    const plan = planGoal(slot, goal, wanted.keepPrevious, input);
    if (plan !== null && plan.steps.length > 0) plans.push(plan);
    return plan;
  };

  const given = new Set(wanted.components.map(({ component }) => component));
  const named = new Set(given);
  for (const { component, code, message } of wanted.held) {
    named.add(component);
    waiting.set(component, { code, message });
  }
  for (const slot of removals(slots, given)) {
    const { goal, reason } = goalOf(slot, wanted, input.postponed.get(slot.component) ?? null, mayBegin);
    if (reason !== null) waiting.set(slot.component, reason);
    add(slot, goal);
  }
  for (const assigned of inOrder(wanted.components)) {
    const { component, after } = assigned;
    const slot = slots.get(component) ?? emptySlot(component);
    const { goal, reason } = goalOf(slot, wanted, input.postponed.get(component) ?? null, mayBegin);
    const blocker = after.find((name) => waiting.has(name) && named.has(name));
    if (reason === null && blocker !== undefined && !isInstalled(slot, assigned)) {
      const behind: Reason = {
        code: 'E_AFTER',
        message: `${component} ${assigned.version} comes after ${blocker}, and that is held back: ${waiting.get(blocker)?.code}`,
      };
      waiting.set(component, behind);
      add(slot, goalOf(slot, wanted, behind, mayBegin).goal);
      continue;
    }
    if (reason !== null) waiting.set(component, reason);
    add(slot, goal);
  }
  return { slots: plans, waiting };
}

/** Slots that direction gives nothing, those that come after others first. */
function removals(slots: ReadonlyMap<string, ObservedSlot>, given: ReadonlySet<string>): ObservedSlot[] {
  const free = [...slots.values()].filter(({ component }) => !given.has(component));
  const named = free
    .sort((a, b) => (a.component < b.component ? -1 : 1))
    .map((slot) => ({ component: slot.component, after: slot.record?.installed?.after ?? [], slot }));
  return inOrder(named)
    .reverse()
    .map(({ slot }) => slot);
}

function isInstalled(slot: ObservedSlot, assigned: Placed): boolean {
  const installed = slot.record?.installed ?? null;
  return installed !== null && sameInstall(installed, assigned);
}

function planGoal(slot: ObservedSlot, goal: Goal, keepPrevious: number, input: PlanInput): SlotPlan | null {
  const kind = slot.running?.kind ?? slot.record?.installed?.kind ?? slot.record?.refused?.kind ?? 'files';
  const plan = (action: Action, steps: readonly Step[]): SlotPlan => {
    return {
      component: slot.component,
      kind,
      action,
      target: null,
      isReturn: false,
      outgoing: outgoingOf(slot),
      steps,
      drift: null,
    };
  };
  const end = (): Step[] => input.drivers[kind].plan.toEnd(slot);
  switch (goal.kind) {
    case 'leave':
      return null;
    case 'absent': {
      const steps: Step[] = isOccupied(slot) ? [...end(), { kind: 'remove', keepRecord: false }] : [];
      if (goal.purge) steps.push({ kind: 'purge' });
      return plan(isOccupied(slot) ? 'remove' : 'purge', steps);
    }
    case 'parked': {
      const bare =
        slot.current === null && slot.running === null && slot.trees.length + slot.partials.length === 0;
      return plan('park', bare ? [] : [...end(), { kind: 'remove', keepRecord: true }]);
    }
    case 'ended':
      return plan('park', slot.running === null ? [] : end());
    case 'ahead':
      return planAhead(slot, goal.target);
    case 'run': {
      const run = planRun(slot, goal.target, goal.keepAlso, keepPrevious, input);
      return goal.ahead === true && goal.keepAlso !== null && run.steps.length === 0
        ? planAhead(slot, goal.keepAlso)
        : run;
    }
  }
}

/** What must wait for its moment lies ready by then. */
function planAhead(slot: ObservedSlot, target: Placed): SlotPlan {
  return {
    component: slot.component,
    kind: target.kind,
    action: 'fetch-ahead',
    target,
    isReturn: false,
    outgoing: null,
    steps: slot.trees.includes(target.tree) ? [] : bringing(target, { isAhead: true }),
    drift: null,
  };
}

function bringing({ sizeBytes, domain, tree }: Placed, how: { readonly isAhead?: true } = {}): Step[] {
  return [
    { kind: 'reserve', sizeBytes },
    { kind: 'fetch', domain, tree, ...how },
    { kind: 'stage', tree },
  ];
}

function planRun(
  slot: ObservedSlot,
  target: Placed,
  keepAlso: Placed | null,
  keepPrevious: number,
  input: PlanInput,
): SlotPlan {
  const { component, record } = slot;
  const installed = record?.installed ?? null;
  const committed = installed !== null && sameInstall(installed, target);
  const inPlace = slot.trees.includes(target.tree);
  // What was accepted runs before anything is fetched: a long transfer must not keep a service down.
  if (!inPlace && !committed && installed !== null && slot.trees.includes(installed.tree)) {
    const repair = planRun(slot, installed, target, keepPrevious, input);
    if (repair.steps.length > 0) return repair;
  }
  const steps: Step[] = [];
  if (!inPlace) {
    steps.push({ kind: 'reserve', sizeBytes: target.sizeBytes });
    steps.push({ kind: 'fetch', domain: target.domain, tree: target.tree });
  }
  // A version that was kept running is gone back to at once; its files are looked at by the hour.
  const isKeptRunning = slot.running?.beside?.some(({ tree }) => tree === target.tree) === true;
  if (!inPlace || (slot.current !== target.tree && !isKeptRunning))
    steps.push({ kind: 'stage', tree: target.tree });
  steps.push(...otherKindEnds(slot, target.kind, input.drivers));
  steps.push(...input.drivers[target.kind].plan.toRun(slot, target, committed, input.places));
  const previous = committed ? (record?.previous ?? []) : previousOf(slot, target);
  const kept = previous.slice(0, keepPrevious);
  // The same files by a later release: from where the next way begins.
  const isOfOther =
    target.releaseVersion !== undefined && target.releaseVersion !== installed?.releaseVersion;
  if (!committed || isOfOther || kept.length !== previous.length)
    steps.push({ kind: 'commit', target, previous: kept });
  const beside = slot.running?.beside?.map(({ tree }) => tree).filter(isDigest) ?? [];
  const keep = [
    ...[target, ...kept, ...(keepAlso === null ? [] : [keepAlso])].map(({ tree }) => tree),
    ...beside,
  ];
  if (hasOthers(slot, keep)) steps.push({ kind: 'retire', keep: [...new Set(keep)].sort() });
  const action = actionOf(slot, target, committed, steps);
  return {
    component,
    kind: target.kind,
    action,
    target,
    isReturn: record?.previous.some((kept) => kept.package === target.package) ?? false,
    outgoing: outgoingOf(slot),
    steps,
    drift: committed ? (slot.running?.differs ?? driftOf(slot, target)) : null,
  };
}

/** What is committed has its tree and a switch that shows it, or on the way back from a trial another tree of ours. */
function driftOf({ trees, partials, current, running }: ObservedSlot, { tree }: Placed): string | null {
  if (partials.includes(tree)) return 'files of its tree were changed or removed';
  if (!trees.includes(tree)) return 'its tree was removed';
  if (current === null) return 'its switch `current` was removed';
  return running?.drift ?? null;
}

function outgoingOf({ record, running, current }: ObservedSlot): Placed | null {
  const installed = record?.installed ?? null;
  const shown = running?.tree ?? current;
  return installed !== null && shown === installed.tree ? installed : null;
}

/** A component that changed its kind: what the former driver runs must end. */
function otherKindEnds(slot: ObservedSlot, kind: ComponentKind, drivers: Drivers): Step[] {
  const { running } = slot;
  if (running === null || running.kind === kind) return [];
  return drivers[running.kind].plan.toEnd(slot).map((step) => ({ ...step, of: running.kind }));
}

/** What a return could go to once `target` is committed, the newest first. */
function previousOf(slot: ObservedSlot, target: Placed): Placed[] {
  const { installed = null, previous = [] } = slot.record ?? {};
  const all = installed === null ? previous : [installed, ...previous];
  return all.filter((placed) => placed.package !== target.package);
}

function hasOthers(slot: ObservedSlot, keep: readonly Digest[]): boolean {
  const isKept = (digest: string): boolean => keep.some((kept) => kept === digest);
  return slot.trees.some((digest) => !isKept(digest)) || slot.partials.some((digest) => !isKept(digest));
}

function actionOf(slot: ObservedSlot, target: Placed, committed: boolean, steps: readonly Step[]): Action {
  if (!committed) return (slot.record?.installed ?? null) === null ? 'install' : 'update';
  if (steps.every(({ kind }) => kind === 'commit')) return 'tidy';
  const isApplied = steps.every(({ kind }) => kind !== 'apply');
  const isWhole = slot.running !== null && slot.running.wantsSecrets !== true && isApplied;
  if (slot.current === target.tree && isWhole) return 'tidy';
  return slot.current === target.tree ? 'repair' : 'restore';
}
