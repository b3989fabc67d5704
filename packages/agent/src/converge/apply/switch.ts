import { rename, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@xylem/platform';
import type { Execute } from './executor.ts';

/** Invariant: `current` always points to the old tree or to the new one. */
export const switchCurrent: Execute<'switch'> = async ({ tree }, { component, tools }) => {
  const { folder, current } = tools.layout.component(component);
  const temporary = join(folder, '.current-next');
  await rm(temporary, { force: true });
  await symlink(join('trees', tree), temporary);
  try {
    await rename(temporary, current);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
};
