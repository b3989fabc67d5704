import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { XylemError } from '@xylem/core';
import { type Clock, formatTime, type Log } from '@xylem/platform';
import { slotFile } from '../slot/record.ts';
import { type StateLayout, stateLayout } from '../state/layout.ts';
import { adoptionFile, localAdoption, type Observing } from './adoption-file.ts';

/** Has a host observe before its agent ever runs. @throws XylemError E_CONFLICT where something is installed */
export async function beginObserving(layout: StateLayout, by: string, clock: Clock, log: Log): Promise<void> {
  const local = await localAdoption(layout.adoption, log);
  if (local.observing !== null) return;
  for (const component of await readdir(layout.components).catch(() => [])) {
    const record = await slotFile(layout.component(component).slot, log).read();
    if ((record?.installed ?? null) === null) continue;
    const message = `${component} is installed on this host: only one with nothing of Xylem's can begin to observe.`;
    throw new XylemError('E_CONFLICT', message);
  }
  await mkdir(dirname(layout.adoption), { recursive: true, mode: 0o700 });
  const observing: Observing = { since: formatTime(clock.now()), by, orders: true };
  await adoptionFile(layout.adoption, log).write({ ...local, observing });
}

/**
 * Ends it, or says whether a director may order adoptions; the agent of the folder acts on it at once.
 * @param change null: the host follows direction from now on
 * @throws XylemError E_CONFLICT where the host does not observe
 */
export async function changeObserving(options: {
  readonly stateFolder: string;
  readonly change: Pick<Observing, 'orders'> | null;
  readonly log: Log;
}): Promise<void> {
  const { change, log } = options;
  const path = stateLayout(options.stateFolder).adoption;
  const local = await localAdoption(path, log);
  if (local.observing === null) {
    throw new XylemError('E_CONFLICT', 'This host does not observe; it follows direction.');
  }
  const observing = change === null ? null : { ...local.observing, ...change };
  await adoptionFile(path, log).write({ ...local, observing });
  await rm(`${path}.damaged`, { force: true });
}
