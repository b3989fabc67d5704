import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '@xylem/platform';
import type { Placed } from '../../slot/placed.ts';
import { parsePlaced } from '../../slot/record.ts';
import { jsonFile } from '../../state/json-file.ts';
import type { DriverTools } from '../driver.ts';

/**
 * Whose programs touched this machine last, and so know how to look at it and to take it back: written before they act,
 * for a version that failed half-way is in no slot's record. It says nothing of what is there now; that `observe` says.
 */
export interface Touched {
  readonly placed: Placed;
  /** Whose programs did before them; null: nobody's. */
  readonly previous: Placed | null;
}

const fileOf = (component: string, { layout, log }: DriverTools) =>
  jsonFile<Touched>(
    layout.component(component).touched,
    'xylem-touched-1',
    ({ placed, previous }) => ({
      placed: parsePlaced(placed),
      previous: previous === null ? null : parsePlaced(previous),
    }),
    log,
  );

export const touched = {
  read: (component: string, tools: DriverTools): Promise<Touched | null> => fileOf(component, tools).read(),
  /** Durable when it resolves. */
  write: (component: string, now: Touched, tools: DriverTools): Promise<void> =>
    fileOf(component, tools).write(now),
  forget: async (component: string, { layout }: DriverTools): Promise<void> => {
    const path = layout.component(component).touched;
    await rm(path, { force: true });
    await rm(`${path}.damaged`, { force: true });
    await syncFolder(dirname(path)).catch(() => undefined);
  },
};
