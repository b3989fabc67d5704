import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, opendir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TreeEntry, TreeFile } from '@xylem/core';
import type { Difference } from './differences.ts';

/** Beyond this a folder is another thing altogether, and is not read to its end. */
const mostDifferences = 10_000;

/**
 * Compares a folder that others made with a signed tree: every file is hashed, no link is followed.
 * @param apart paths below it that are not looked at, with all that is in them
 */
export async function compareTree(
  folder: string,
  entries: readonly TreeEntry[],
  apart: readonly string[],
  signal: AbortSignal,
): Promise<Difference[]> {
  const root = await lstat(folder).catch(() => null);
  if (root === null) return [{ path: folder, what: 'is missing' }];
  if (!root.isDirectory()) return [{ path: folder, what: 'is no folder' }];
  const found: Difference[] = [];
  const folders = impliedFolders(entries);
  const isReal = new Map<string, boolean>([['.', true]]);
  for (const path of [...folders].sort()) {
    const stat =
      isReal.get(dirname(path)) === true ? await lstat(join(folder, path)).catch(() => null) : null;
    isReal.set(path, stat?.isDirectory() === true);
    if (stat !== null && !stat.isDirectory()) found.push({ path, what: 'is no folder' });
  }
  for (const entry of entries) {
    signal.throwIfAborted();
    // Behind a link, or nothing, there is nothing of this folder.
    const isBelow = isReal.get(dirname(entry.path)) === true;
    const what = isBelow ? await faultOf(join(folder, entry.path), entry) : 'is missing';
    if (what !== null) found.push({ path: entry.path, what });
    if (found.length >= mostDifferences) return found;
  }
  const known = new Set([...entries.map(({ path }) => path), ...folders]);
  for await (const path of others(folder, '', known, new Set(apart))) {
    signal.throwIfAborted();
    found.push({ path, what: 'is not part of the package', extra: true });
    if (found.length >= mostDifferences) break;
  }
  return found;
}

async function faultOf(path: string, entry: TreeEntry): Promise<string | null> {
  try {
    const found = await lstat(path);
    switch (entry.type) {
      case 'folder':
        return found.isDirectory() ? null : 'is no folder';
      case 'link':
        return found.isSymbolicLink() && (await readlink(path)) === entry.target ? null : 'is another link';
      case 'file':
        return await fileFault(path, entry);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return 'can not be read by the agent';
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'is missing';
    if (code === 'ELOOP' || code === 'ENXIO') return 'is no file';
    throw error;
  }
}

/** Nothing was ever verified there, so nothing is believed: every file is hashed. */
async function fileFault(path: string, { sizeBytes, executable, digest }: TreeFile): Promise<string | null> {
  // NONBLOCK: a pipe must not hold up the agent.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) return 'is no file';
    if (found.size !== sizeBytes) return 'has another size';
    if (((found.mode & 0o111) !== 0) !== executable) return 'has another mode';
    const hash = createHash('sha256');
    // No further than it should have: it may grow meanwhile.
    if (sizeBytes > 0)
      for await (const piece of file.createReadStream({ autoClose: false, end: sizeBytes - 1 }))
        hash.update(piece as Buffer);
    return hash.digest('hex') === digest ? null : 'has other bytes';
  } finally {
    await file.close();
  }
}

function impliedFolders(entries: readonly TreeEntry[]): Set<string> {
  const folders = new Set<string>();
  for (const { path } of entries) {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return folders;
}

/** What lies below and is not known; of an unknown folder its own name alone. */
async function* others(
  root: string,
  below: string,
  known: ReadonlySet<string>,
  apart: ReadonlySet<string>,
): AsyncGenerator<string> {
  const folder = await opendir(join(root, below)).catch(() => null);
  if (folder === null) return;
  for await (const entry of folder) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (apart.has(path)) continue;
    if (known.has(path)) {
      if (entry.isDirectory()) yield* others(root, path, known, apart);
    } else if (!entry.isDirectory()) yield path;
    else if (!holdsApart(path, apart)) yield path;
    // Only what leads to something that is apart.
    else yield* others(root, path, known, apart);
  }
}

function holdsApart(path: string, apart: ReadonlySet<string>): boolean {
  return [...apart].some((one) => one.startsWith(`${path}/`));
}
