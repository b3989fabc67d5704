import { access, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Clock, Log, Randomness } from '@xylem/platform';
import { stateLayout } from '../state/layout.ts';
import { lockHolder } from '../state/lock.ts';
import { type AdoptionOrder, adoptionFile, localAdoption } from './adoption-file.ts';
import { type Adoption, adoptionsFile } from './adoptions.ts';

export interface OrderAdoptionOptions {
  readonly stateFolder: string;
  readonly component: string;
  readonly undo: boolean;
  readonly from?: string | undefined;
  readonly unit?: string | undefined;
  readonly container?: string | undefined;
  readonly apart?: readonly string[] | undefined;
  /** Who orders it, as this host's system names them. */
  readonly by: string;
  /** How long a running agent is waited for. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/**
 * Orders that a component is adopted, or given back, by the agent of this folder.
 * @returns what became of it; null: the agent does not run (`agent is down`) or is not done after `waitMs`
 * @throws XylemError E_NOT_JOINED, E_CONFLICT where the host does not observe
 */
export async function orderAdoption(
  options: OrderAdoptionOptions,
): Promise<{ readonly adoption: Adoption | null; readonly state: 'done' | 'under way' | 'agent is down' }> {
  const { stateFolder, component, undo, from, unit, container, apart, by, clock, log } = options;
  const layout = stateLayout(stateFolder);
  const isJoined = await access(layout.identity).then(
    () => true,
    () => false,
  );
  if (!isJoined) throw new XylemError('E_NOT_JOINED', `${stateFolder} is no state folder of a host.`);
  const local = await localAdoption(layout.adoption, log);
  if (local.observing === null) {
    throw new XylemError(
      'E_CONFLICT',
      'This host follows direction: what it is given, it installs. Only one that observes adopts and gives back.',
    );
  }
  const order: AdoptionOrder = {
    id: Buffer.from(options.randomness.bytes(16)).toString('hex'),
    component,
    undo,
    ...(from === undefined ? {} : { from }),
    ...(unit === undefined ? {} : { unit }),
    ...(container === undefined ? {} : { container }),
    ...(apart === undefined || apart.length === 0 ? {} : { apart }),
    by,
  };
  await mkdir(dirname(layout.adoption), { recursive: true, mode: 0o700 });
  const others = local.orders.filter((one) => one.component !== component);
  await adoptionFile(layout.adoption, log).write({ ...local, orders: [...others, order] });
  const file = adoptionsFile(layout.adoptions, log);
  const endMs = clock.monotonicMs() + options.waitMs;
  for (;;) {
    const adoption = (await file.read())?.adoptions.find((one) => one.order === order.id);
    const isDone = adoption !== undefined && adoption.outcome !== null && adoption.outcome !== 'agreed';
    if (isDone) return { adoption, state: 'done' };
    if ((await lockHolder(layout.lock)) === null) return { adoption: null, state: 'agent is down' };
    if (clock.monotonicMs() > endMs) return { adoption: null, state: 'under way' };
    await clock.sleep(100);
  }
}
