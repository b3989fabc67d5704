import { cp, lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type Log, syncFolder, writeFileAtomic } from '@xylem/platform';
import type { StateLayout } from '../state/layout.ts';

/**
 * The documents of the state folder before another version of the agent is tried: what that one writes in a format
 * that this one can't read is put back from here. Nothing else is: newer is better than older, in what both read.
 * Keys are not copied.
 */
export async function takeSnapshot(layout: StateLayout, into: string, executable: string): Promise<void> {
  const beside = `${into}.new`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true, mode: 0o700 });
  for (const path of await documents(layout)) {
    if ((await formatOf(path)) === null) continue;
    const copy = join(beside, relative(layout.root, path));
    await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
    await cp(path, copy);
    await syncFolder(copy);
  }
  await writeFileAtomic(join(beside, triedName), executable, { mode: 0o600 });
  await rm(into, { recursive: true, force: true });
  await rename(beside, into);
  await syncFolder(dirname(into));
}

/** The executable that was tried after this snapshot was taken; null: there is none. */
export async function triedAfter(snapshot: string): Promise<string | null> {
  return await readFile(join(snapshot, triedName), 'utf8').catch(() => null);
}

/** Puts back each document that is gone, damaged or of another format than it had. @returns their paths */
export async function restoreSnapshot(layout: StateLayout, from: string, log: Log): Promise<string[]> {
  const restored: string[] = [];
  for (const copy of await filesBelow(from)) {
    const name = relative(from, copy);
    const path = join(layout.root, name);
    const format = await formatOf(copy);
    if (format === null || (await formatOf(path)) === format) continue;
    log.warn('state file of another format put back as it was', { path, format });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, await readFile(copy), { mode: 0o600 });
    restored.push(name);
  }
  await rm(from, { recursive: true, force: true });
  return restored;
}

const triedName = 'tried';
const hasKeys = new Set(['data-keys.json', 'recipient.json']);

async function documents(layout: StateLayout): Promise<string[]> {
  const folders = [layout.root, layout.identity, layout.reports, layout.supervisor];
  for (const name of await list(layout.trust)) folders.push(join(layout.trust, name));
  folders.push(layout.trust, join(layout.root, 'local'));
  for (const name of await list(layout.components)) folders.push(layout.component(name).folder);
  const found: string[] = [];
  for (const folder of folders) {
    for (const name of await list(folder))
      if (name.endsWith('.json') && !hasKeys.has(name)) found.push(join(folder, name));
  }
  return found;
}

/** What the document says to be; null for what is none. */
async function formatOf(path: string): Promise<string | null> {
  try {
    if (!(await lstat(path)).isFile()) return null;
    const { format } = JSON.parse(await readFile(path, 'utf8')) as { format?: unknown };
    return typeof format === 'string' ? format : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || code === 'ENOENT') return null;
    throw error;
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
