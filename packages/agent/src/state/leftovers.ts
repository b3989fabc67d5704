import type { Dirent } from 'node:fs';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StateLayout } from './layout.ts';
import { isTakers, takerLives } from './lock.ts';

/** What `writeFileAtomic` writes beside the file that it replaces. */
const temporary = /^\.tmp-.+-[0-9a-f]{12}$/;
/** Where it is not said whose it is: another one may be at it just now. */
const takerIsDeadAfterMs = 600_000;

/**
 * Removes what a process that was killed left half written in the agent's own folders. To be called by who holds the
 * lock. Data folders are nobody's business but their component's, and the supervisor clears its own.
 */
export async function clearLeftovers(layout: StateLayout, nowMs: number): Promise<void> {
  const components = await readdir(layout.components).catch(() => []);
  const folders = components.map((component) => layout.component(component).folder);
  for (const folder of [
    layout.root,
    layout.identity,
    layout.reports,
    layout.documents,
    layout.journal,
    ...folders,
  ])
    await clearFolder(folder, nowMs);
  await clearFolder(dirname(layout.reverts), nowMs);
  // A folder for each repository, with folders of its own.
  for (const { parentPath, name } of await foldersBelow(layout.trust))
    await clearFolder(join(parentPath, name), nowMs);
}

async function foldersBelow(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory());
}

/** The files directly in one folder. */
export async function clearFolder(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!temporary.test(name) && !isTakers(name)) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => null);
    if (found?.isFile() !== true) continue;
    const isYoung = Math.abs(nowMs - found.mtimeMs) < takerIsDeadAfterMs;
    if (isTakers(name) && (takerLives(name) ?? isYoung)) continue;
    await unlink(path).catch(() => undefined);
  }
}
