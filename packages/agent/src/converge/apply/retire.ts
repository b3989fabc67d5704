import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Execute } from './executor.ts';

/** Removes trees that nothing runs from and nothing returns to. */
export const retire: Execute<'retire'> = async ({ keep }, { component, tools }) => {
  const { trees } = tools.layout.component(component);
  for (const { clear } of Object.values(tools.drivers)) await clear?.(component, keep, tools);
  const kept = new Set<string>(keep);
  for (const name of await readdir(trees)) {
    const digest = /[0-9a-f]{64}/.exec(name)?.[0] ?? '';
    if (kept.has(digest)) continue;
    const path = join(trees, name);
    if (name.startsWith('.')) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    // Renamed first: half a tree must never look like one.
    const doomed = join(trees, `.retired-${name}`);
    await rm(doomed, { recursive: true, force: true });
    await rename(path, doomed);
    await rm(doomed, { recursive: true, force: true });
  }
};
