import type { Dirent } from 'node:fs';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
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
  for (const folder of await ownFolders(layout)) await clearFolder(folder, nowMs);
}

/** Where the agent keeps documents of its own; never what belongs to packages. */
async function ownFolders(layout: StateLayout): Promise<string[]> {
  const components = await readdir(layout.components).catch(() => []);
  // A folder for each repository, with folders of its own.
  const repositories = await foldersBelow(layout.trust);
  return [
    layout.root,
    layout.identity,
    layout.reports,
    layout.documents,
    layout.journal,
    layout.jobs,
    dirname(layout.reverts),
    layout.trust,
    ...components.flatMap((component) => {
      const { folder, trees } = layout.component(component);
      return [folder, trees];
    }),
    ...repositories.map(({ parentPath, name }) => join(parentPath, name)),
  ];
}

/** What could not be read and was set aside, by its path below the state folder. */
export async function setAside(layout: StateLayout): Promise<string[]> {
  const units = join(layout.supervisor, 'units');
  const folders = [...(await ownFolders(layout)), layout.supervisor, units, layout.router];
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    const damaged = names.filter((name) => name.endsWith('.damaged'));
    found.push(...damaged.map((name) => relative(layout.root, join(folder, name))));
  }
  return found.sort();
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
