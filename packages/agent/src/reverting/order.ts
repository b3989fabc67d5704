import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Digest, XylemError } from '@xylem/core';
import { type Clock, formatTime, type Log } from '@xylem/platform';
import { currentTree } from '../converge/observe.ts';
import { acceptedFile } from '../direction/accepted-file.ts';
import { unmetRequirements } from '../direction/place.ts';
import type { Accepted } from '../direction/wanted.ts';
import { misfit } from '../migration/fit.ts';
import type { Placed } from '../slot/placed.ts';
import { type SlotRecord, slotFile } from '../slot/record.ts';
import { type StateLayout, stateLayout } from '../state/layout.ts';
import { type Revert, revertsFile, withReverts } from './reverts.ts';

export interface OrderOptions {
  readonly stateFolder: string;
  readonly product: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where one component goes or stays. */
export interface Return {
  readonly component: string;
  readonly to: string;
}

interface Slot {
  readonly record: SlotRecord;
  /** What runs, also while it is on trial. */
  readonly current: Digest | null;
}

/**
 * Orders the return of a product to what it ran before, without any server: the agent of this state folder does it, now
 * if it runs, else when it starts.
 * @param by who orders it, as this host's system names them
 * @throws XylemError E_NOT_FOUND, E_CONFLICT when there is nothing to go back to or another component needs what is now,
 *   E_MIGRATION_CONTRACTED when a database has lost what the former version needs
 */
export async function orderRevert(
  options: OrderOptions & { readonly reason: string; readonly by: string },
): Promise<readonly Return[]> {
  const { stateFolder, product, reason, by, clock, log } = options;
  const layout = stateLayout(stateFolder);
  const accepted = await acceptedFile(layout.accepted, log).read();
  const given = (accepted?.components ?? []).filter((placed) => placed.product === product);
  if (accepted === null || given.length === 0) {
    throw new XylemError('E_NOT_FOUND', `This host is given no component of ${product}.`);
  }
  const file = revertsFile(layout.reverts, log);
  const { reverts } = (await file.read()) ?? { reverts: [] };
  if (reverts.some((revert) => revert.product === product)) {
    throw new XylemError(
      'E_CONFLICT',
      `${product} was taken back on this host before. Undo that first: xylem agent revert ${product} --undo.`,
    );
  }
  const slots: Slot[] = [];
  for (const { component } of given) {
    const own = layout.component(component);
    const record = await slotFile(own.slot, log).read();
    // A switch that somebody took away shows nothing on trial.
    const current = (await currentTree(own.current)) ?? record?.installed?.tree ?? null;
    if (record !== null) slots.push({ record, current });
  }
  const kept = keptOf(slots);
  if (kept.length === 0) {
    throw new XylemError(
      'E_CONFLICT',
      `${product} has no former version on this host to go back to: nothing was changed.`,
    );
  }
  const since = sinceOf(clock, accepted.entry.undo?.[product]);
  const revert: Revert = { product, reason, since, by, kept };
  refuseUnmet(accepted, revert);
  refuseMisfits(accepted, kept);
  await mkdir(dirname(layout.reverts), { recursive: true, mode: 0o700 });
  await file.write({ reverts: [...reverts, revert] });
  return kept.map((placed) => ({ component: placed.component, to: placed.version }));
}

/** Now, to the second; the next one where direction undoes a return of this one: it meant another. */
function sinceOf(clock: Clock, undone: string | undefined): string {
  const now = formatTime(clock.now());
  return now === undone ? formatTime(clock.now() + 1_000) : now;
}

/** Follows direction again with a product. @throws XylemError E_NOT_FOUND */
export async function undoRevert({ stateFolder, product, log }: OrderOptions): Promise<void> {
  const file = revertsFile(stateLayout(stateFolder).reverts, log);
  const { reverts } = (await file.read()) ?? { reverts: [] };
  const others = reverts.filter((revert) => revert.product !== product);
  if (others.length === reverts.length) {
    throw new XylemError('E_NOT_FOUND', `${product} was not taken back on this host.`);
  }
  await file.write({ reverts: others });
}

/** Whether every component of the product is committed at what direction and reverts say. */
export async function hasSettled(layout: StateLayout, product: string, log: Log): Promise<boolean> {
  const accepted = await acceptedFile(layout.accepted, log).read();
  if (accepted === null) return false;
  const { reverts } = (await revertsFile(layout.reverts, log).read()) ?? { reverts: [] };
  const wanted = withReverts(accepted, reverts).components.filter((placed) => placed.product === product);
  for (const { component, package: digest } of wanted) {
    const record = await slotFile(layout.component(component).slot, log).read();
    if (record?.installed?.package !== digest) return false;
  }
  return true;
}

/**
 * What each component goes back to: of a version on trial what is committed, else what was committed before; one that has
 * nothing of both stays at what it runs. Empty: none goes back. Pure.
 */
function keptOf(slots: readonly Slot[]): Placed[] {
  const former = ({ record, current }: Slot): Placed | undefined =>
    [record.installed, ...record.previous].find((placed) => placed !== null && placed.tree !== current) ??
    undefined;
  if (!slots.some((slot) => former(slot) !== undefined)) return [];
  return slots.flatMap((slot) => former(slot) ?? slot.record.installed ?? []);
}

/** What a contract took away can't be gone back to. @throws XylemError E_MIGRATION_PENDING, E_MIGRATION_CONTRACTED */
function refuseMisfits({ schemas }: Accepted, kept: readonly Placed[]): void {
  for (const placed of kept) {
    const why = misfit(placed, schemas);
    if (why !== null) throw new XylemError(why.code, `Nothing was changed: ${why.message}`);
  }
}

/** @throws XylemError E_CONFLICT */
function refuseUnmet(accepted: Accepted, revert: Revert): void {
  const before = new Set(unmetRequirements(accepted.components).map(({ component }) => component));
  const unmet = unmetRequirements(withReverts(accepted, [revert]).components);
  const broken = unmet.find(({ component }) => !before.has(component));
  if (broken === undefined) return;
  throw new XylemError('E_CONFLICT', `Nothing was changed. After this return ${broken.message}`);
}
