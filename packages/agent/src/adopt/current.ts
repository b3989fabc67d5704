import { type TreeEntry, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import { codedFault, isLasting } from '../converge/faults.ts';
import type { Reason } from '../converge/goal.ts';
import type { SlotPlan } from '../converge/steps.ts';
import type { Accepted, WantedState } from '../direction/wanted.ts';
import type { Drivers, DriverTools } from '../drivers/driver.ts';
import type { Placed } from '../slot/placed.ts';
import { slotFile } from '../slot/record.ts';
import { type AdoptionOrder, type LocalAdoption, localAdoption, type Observing } from './adoption-file.ts';
import { type Adoption, adoptionsFile, type Outcome } from './adoptions.ts';
import { compareTree } from './compare-tree.ts';
import {
  type Difference,
  type Differences,
  differencesOf,
  differencesText,
  keptText,
} from './differences.ts';
import { foundOf } from './found.ts';
import { type Gate, gated } from './gate.ts';
import { director, doneWith, openOrders, ordersOf } from './orders.ts';
import { refuseSource, sourceOf } from './source.ts';

/** Whether this host observes, what it adopted, and what it is told about that. */
export interface CurrentAdoption {
  observing(): Observing | null;
  adoptions(): readonly Adoption[];
  /** Reads what people on this host said, and carries out what of the orders only looks. */
  look(): Promise<void>;
  gate(wanted: WantedState | null): Gate;
  /** A plan was carried out, or ended by a fault. @returns whether something may be left to clear up now */
  ended(plan: SlotPlan, error: XylemError | null): Promise<boolean>;
}

export interface CurrentAdoptionOptions {
  readonly tools: DriverTools & { readonly drivers: Drivers };
  readonly accepted: () => Accepted | null;
  readonly entriesOf: (placed: Placed) => Promise<readonly TreeEntry[]>;
}

export async function currentAdoption(options: CurrentAdoptionOptions): Promise<CurrentAdoption> {
  const { tools, accepted } = options;
  const { layout, log, clock, drivers } = tools;
  let local: LocalAdoption = await localAdoption(layout.adoption, log);
  const file = adoptionsFile(layout.adoptions, log);
  const kept = (await file.read())?.adoptions ?? [];
  const known = new Map<string, Adoption>(kept.map((one) => [one.component, one]));
  const stalled = new Map<string, Reason>();
  const found = new Map<string, readonly string[]>();

  const keep = async (adoption: Adoption): Promise<void> => {
    const before = known.get(adoption.component);
    known.set(adoption.component, adoption);
    try {
      await file.write({ adoptions: [...known.values()] });
    } catch (error) {
      if (before === undefined) known.delete(adoption.component);
      else known.set(adoption.component, before);
      throw error;
    }
  };
  /** `outcome` null: it is under way. */
  const note = (
    order: AdoptionOrder,
    outcome: Outcome | null,
    more: Partial<Adoption> = {},
  ): Promise<void> => {
    const { id, component, undo, by } = order;
    const before = known.get(component);
    return keep({
      version: null,
      package: null,
      source: { path: null, unit: null, container: null, apart: [] },
      code: null,
      message: null,
      differences: null,
      ...more,
      component,
      order: id,
      undo,
      by,
      outcome,
      at: formatTime(clock.now()),
      done: outcome === null ? (before?.done ?? []) : doneWith(id, before),
    });
  };
  const refuse = (order: AdoptionOrder, error: XylemError, more: Partial<Adoption> = {}): Promise<void> =>
    note(order, 'refused', { ...more, code: error.code, message: error.message.slice(0, 2_000) });

  const isInstalled = async (component: string): Promise<boolean> => {
    const record = await slotFile(layout.component(component).slot, log).read();
    return (record?.installed ?? null) !== null;
  };

  const consider = async (order: AdoptionOrder, direction: Accepted): Promise<void> => {
    const { component } = order;
    const installed = await isInstalled(component);
    const isBegun = installed || known.get(component)?.outcome === 'agreed';
    const fault = whyNot(order, local.observing, isBegun);
    if (fault !== null) return await refuse(order, fault);
    if (order.undo) {
      const before = known.get(component);
      return await note(order, null, { version: before?.version ?? null, package: before?.package ?? null });
    }
    const placed = direction.components.find((one) => one.component === component);
    if (installed) return await note(order, 'adopted', { version: placed?.version ?? null });
    if (placed === undefined) {
      const held = direction.held.find((one) => one.component === component);
      const why = held?.message ?? `Direction gives this host no ${component}.`;
      return await refuse(order, new XylemError(held?.code ?? 'E_NOT_FOUND', why));
    }
    const { version } = placed;
    const source = sourceOf(placed, order);
    try {
      const found = await compared(placed, source);
      const differences = differencesOf(found);
      const what = { version, package: placed.package, source };
      if (differences.count === 0) return await note(order, 'agreed', { ...what, message: keptText(found) });
      await differs(order, differences, what);
    } catch (error) {
      tools.signal.throwIfAborted();
      const coded = codedFault(error, `adopting ${component}`);
      if (!isFinal(coded)) throw coded;
      await refuse(order, coded, { version, source });
    }
  };

  const differs = (order: AdoptionOrder, differences: Differences, more: Partial<Adoption>): Promise<void> =>
    note(order, 'differs', {
      ...more,
      code: 'E_ADOPT_DIFFERS',
      message: `${order.component} was not adopted. ${differencesText(differences)}`,
      differences,
    });

  const compared = async (placed: Placed, source: Adoption['source']): Promise<Difference[]> => {
    const { adoption } = drivers[placed.kind];
    const why =
      adoption === undefined
        ? `components of kind ${placed.kind} can't be taken over while they run`
        : adoption.refusal(placed, source, tools);
    if (adoption === undefined || why !== null) {
      throw new XylemError('E_ADOPT_UNSUPPORTED', `${placed.component} was not adopted: ${why}.`);
    }
    await refuseSource(source, layout.root);
    const inFolder =
      source.path === null
        ? []
        : await compareTree(source.path, await options.entriesOf(placed), source.apart, tools.signal);
    return [...inFolder, ...(await adoption.compare(placed, source, tools))];
  };

  const lookAround = async (components: readonly Placed[]): Promise<void> => {
    found.clear();
    if (local.observing === null) return;
    for (const placed of components) {
      if (await isInstalled(placed.component)) continue;
      const source = sourceOf(placed, { id: '', component: placed.component, undo: false, by: '' });
      found.set(placed.component, await foundOf(placed, source, tools));
    }
  };

  /** What a crash kept from being noted; and another package that is directed by now is compared anew. */
  const settle = async (direction: Accepted): Promise<void> => {
    for (const adoption of known.values()) {
      const { component, outcome, undo } = adoption;
      const order = { ...adoption, id: adoption.order };
      const installed = await isInstalled(component);
      if (undo && outcome === null && !installed) await note(order, 'given back', adoption);
      if (outcome !== 'agreed') continue;
      const placed = direction.components.find((one) => one.component === component);
      if (installed) await note(order, 'adopted', adoption);
      else if (placed?.package !== adoption.package) {
        const why = `${component} was not adopted: direction names another package by now.`;
        await refuse(order, new XylemError('E_CONFLICT', why), adoption);
      }
    }
  };

  const look = async (): Promise<void> => {
    local = await localAdoption(layout.adoption, log).catch((cause: unknown) => {
      log.warn('local orders can not be read', { cause });
      return local;
    });
    const direction = accepted();
    if (direction === null) return;
    stalled.clear();
    await settle(direction);
    for (const order of openOrders(ordersOf(local, direction.entry), known)) {
      const under = known.get(order.component);
      if (under?.order === order.id && under.undo && under.outcome === null) continue;
      await consider(order, direction).catch((error: unknown) => {
        tools.signal.throwIfAborted();
        // It passes: the order stays open.
        const { code, message } = codedFault(error, `adopting ${order.component}`);
        log.warn('an order to adopt waits', { component: order.component, cause: error });
        stalled.set(order.component, {
          code,
          message: `To adopt ${order.component} was ordered: ${message}`,
        });
      });
    }
    await lookAround(direction.components);
  };

  return {
    observing: () => local.observing,
    adoptions: () => [...known.values()].sort((a, b) => (a.component < b.component ? -1 : 1)),
    look,
    gate: (wanted) => (plan, slots) =>
      gated(plan, slots, wanted, drivers, { observing: local.observing, adoptions: known, found, stalled }),
    ended: async ({ component, action, target }, error) => {
      const adoption = known.get(component);
      const isOurs = action === 'adopt' || action === 'disown';
      if (adoption === undefined || !isOurs || (error !== null && !isFinal(error))) return false;
      const order = { ...adoption, id: adoption.order };
      const isUnderWay = adoption.undo ? adoption.outcome === null : adoption.outcome === 'agreed';
      if (!isUnderWay) return false;
      if (error === null) {
        const version = target?.version ?? adoption.version;
        await note(order, action === 'adopt' ? 'adopted' : 'given back', { ...adoption, version });
        return false;
      }
      const found = (error.details as { differences?: Differences } | undefined)?.differences;
      if (found === undefined) await refuse(order, error, adoption);
      else await differs(order, found, adoption);
      return true;
    },
  };
}

/** Why an order is not even looked at, or null. Pure. */
function whyNot(order: AdoptionOrder, observing: Observing | null, isBegun: boolean): XylemError | null {
  const { component } = order;
  if (observing === null) {
    const why = order.undo ? 'direction would install it again at once' : 'what it is given, it installs';
    return new XylemError(
      'E_CONFLICT',
      `${component}: this host follows direction and does not observe: ${why}.`,
    );
  }
  if (order.by === director && !observing.orders) {
    const why = `${component}: people on this host alone adopt and give back (xylem agent observe --orders-off).`;
    return new XylemError('E_ADOPT_DENIED', why);
  }
  if (order.undo && !isBegun)
    return new XylemError('E_NOT_FOUND', `${component} was not adopted on this host.`);
  return null;
}

/** Whether the same again would give the same: then a person has to say something else. Pure. */
function isFinal(error: XylemError): boolean {
  const final = ['E_ADOPT_DENIED', 'E_ADOPT_DIFFERS', 'E_ADOPT_UNSUPPORTED', 'E_CONFLICT', 'E_FILE_DENIED'];
  return final.includes(error.code) || isLasting(error);
}
