import { lstat, rename, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, syncFolder } from '@xylem/platform';
import type { Execute } from './executor.ts';

/** A link can't replace a folder; and what somebody put there is not ours to remove. */
async function setAside(current: string, clock: Clock): Promise<void> {
  const found = await lstat(current).catch(() => null);
  if (found?.isDirectory() === true) await rename(current, `${current}.found-${Math.floor(clock.now())}`);
}

/** Invariant: `current` always points to the old tree or to the new one. */
export const switchCurrent: Execute<'switch'> = async ({ tree }, { component, tools }) => {
  const { folder, current } = tools.layout.component(component);
  const temporary = join(folder, '.current-next');
  await rm(temporary, { force: true });
  await symlink(join('trees', tree), temporary);
  try {
    await setAside(current, tools.clock);
    await rename(temporary, current);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
};
