import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { compareTreePaths, TreeChecker, XylemError } from '@xylem/core';
import { isAbsent, storageError } from '../repository/faults.ts';

export type ScannedEntry =
  | { readonly type: 'file'; readonly path: string; readonly sizeBytes: number; readonly executable: boolean }
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly target: string };

/**
 * What a folder holds, sorted as in a tree, and refused if a tree can't hold it: device files, sockets and pipes,
 * set-uid and set-gid bits (E_TREE_ENTRY), links that leave it (E_TREE_LINK), names that are not UTF-8 or hold
 * control characters (E_TREE_PATH), names that differ only in case or Unicode form (E_TREE_NAME_CLASH), nothing at
 * all (E_TREE_EMPTY). Links are never followed. `exclude` leaves out a path and all below it.
 */
export async function scanFolder(
  folder: string,
  exclude: (path: string) => boolean = () => false,
): Promise<ScannedEntry[]> {
  const entries: ScannedEntry[] = [];
  await scan(folder, '', exclude, entries);
  entries.sort((a, b) => compareTreePaths(a.path, b.path));
  if (entries.length === 0) throw new XylemError('E_TREE_EMPTY', `There is nothing to publish in ${folder}.`);
  const checker = new TreeChecker();
  for (const entry of entries)
    checker.add(entry.type === 'link' ? entry : { type: 'folder', path: entry.path });
  checker.end();
  return entries;
}

async function scan(
  folder: string,
  prefix: string,
  exclude: (path: string) => boolean,
  entries: ScannedEntry[],
): Promise<void> {
  const names = await list(folder);
  const before = entries.length;
  const found = await Promise.all(names.map((name) => look(folder, name, prefix)));
  for (const [index, entry] of found.entries()) {
    if (exclude(entry.path)) continue;
    if (entry.type === 'folder')
      await scan(join(folder, names[index] ?? ''), `${entry.path}/`, exclude, entries);
    else entries.push(entry);
  }
  if (entries.length === before && prefix !== '') entries.push({ type: 'folder', path: prefix.slice(0, -1) });
}

async function list(folder: string): Promise<string[]> {
  let raw: Buffer[];
  try {
    raw = await readdir(folder, { encoding: 'buffer' });
  } catch (error) {
    if (isAbsent(error))
      throw new XylemError('E_INPUT', `${folder} is not a folder.`, { details: { path: folder } });
    throw storageError(error, folder);
  }
  return raw.map((bytes) => {
    const name = bytes.toString('utf8');
    if (!Buffer.from(name, 'utf8').equals(bytes)) {
      throw new XylemError('E_TREE_PATH', `The name ${JSON.stringify(name)} in ${folder} is not UTF-8.`, {
        details: { path: join(folder, name) },
      });
    }
    return name;
  });
}

async function look(folder: string, name: string, prefix: string): Promise<ScannedEntry> {
  const full = join(folder, name);
  const path = prefix + name;
  const stat = await lstat(full).catch((error: unknown) => {
    throw isAbsent(error) ? changed(full) : storageError(error, full);
  });
  if (stat.isDirectory()) return { type: 'folder', path };
  if (stat.isSymbolicLink()) return { type: 'link', path, target: await readlink(full) };
  if (!stat.isFile()) return refuse(full, 'is neither a file, a folder nor a symbolic link');
  if ((stat.mode & 0o6000) !== 0)
    return refuse(full, 'has a set-uid or set-gid bit, which a package may not carry');
  return { type: 'file', path, sizeBytes: stat.size, executable: (stat.mode & 0o111) !== 0 };
}

function refuse(path: string, reason: string): never {
  throw new XylemError('E_TREE_ENTRY', `${path} ${reason}.`, { details: { path } });
}

export function changed(path: string): XylemError {
  return new XylemError('E_FILE_CHANGED', `${path} changed while it was being published.`, {
    details: { path },
  });
}
