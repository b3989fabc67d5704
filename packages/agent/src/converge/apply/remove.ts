import { rm, rmdir } from 'node:fs/promises';
import { syncFolder } from '@xylem/platform';
import type { Execute } from './executor.ts';

/** Invariant: the record goes last, so that a removal that was cut off is begun again. Data is not touched. */
export const remove: Execute<'remove'> = async ({ keepRecord }, { component, tools }) => {
  const { folder, current, trees, rendered, slot, seen, warm, transfer } = tools.layout.component(component);
  for (const { clear } of Object.values(tools.drivers)) await clear?.(component, [], tools);
  await rm(current, { force: true });
  await rm(trees, { recursive: true, force: true });
  await rm(rendered, { recursive: true, force: true });
  await rm(seen, { force: true });
  await rm(warm, { force: true });
  await rm(transfer, { force: true });
  if (keepRecord) return;
  await rm(slot, { force: true });
  await rm(`${slot}.damaged`, { force: true });
  await syncFolder(folder).catch(() => undefined);
  // Fails while there is data, which stays.
  await rmdir(folder).catch(() => undefined);
};

export const purge: Execute<'purge'> = async (_step, { component, tools }) => {
  const { folder, data } = tools.layout.component(component);
  await rm(data, { recursive: true, force: true });
  await rmdir(folder).catch(() => undefined);
};
