import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { compareTreePaths, TreeChecker, XylemError } from '@xylem/core';
import { isAbsent, storageError } from '../repository/faults.ts';

export type ScannedEntry =
  | { readonly type: 'file'; readonly path: string; readonly sizeBytes: number; readonly executable: boolean }
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly target: string };

/** Whether a path (relative, with `/`) is left out; a folder's takes all below it. */
export type Exclude = (path: string, isFolder: boolean) => boolean;

/**
 * What a folder holds, sorted as in a tree, and refused if a tree can't hold it: device files, sockets and pipes,
 * set-uid and set-gid bits of files (E_TREE_ENTRY), links that leave it (E_TREE_LINK), names that are not UTF-8 or
 * hold control characters (E_TREE_PATH), names that differ only in case or Unicode form (E_TREE_NAME_CLASH), nothing
 * at all (E_TREE_EMPTY; a folder of empty folders is something). Links are never followed. A folder that is empty
 * only because of `exclude` is no entry.
 */
export async function scanFolder(folder: string, exclude: Exclude = () => false): Promise<ScannedEntry[]> {
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
  exclude: Exclude,
  entries: ScannedEntry[],
): Promise<void> {
  const names = await list(folder, prefix);
  if (names.length === 0 && prefix !== '') entries.push({ type: 'folder', path: prefix.slice(0, -1) });
  const found = await Promise.all(names.map((name) => look(join(folder, name), prefix + name, exclude)));
  for (const entry of found) {
    if (entry?.type === 'folder')
      await scan(join(folder, entry.path.slice(prefix.length)), `${entry.path}/`, exclude, entries);
    else if (entry !== null) entries.push(entry);
  }
}

async function list(folder: string, prefix: string): Promise<string[]> {
  let raw: Buffer[];
  try {
    raw = await readdir(folder, { encoding: 'buffer' });
  } catch (error) {
    if (!isAbsent(error)) throw storageError(error, folder);
    if (prefix !== '') throw changed(folder);
    throw new XylemError('E_INPUT', `${folder} is not a folder.`, { details: { path: folder } });
  }
  return raw.map((bytes) => textOf(bytes, 'name', folder));
}

/** Null for what is excluded: it may be anything. */
async function look(full: string, path: string, exclude: Exclude): Promise<ScannedEntry | null> {
  try {
    const stat = await lstat(full);
    if (exclude(path, stat.isDirectory())) return null;
    if (stat.isDirectory()) return { type: 'folder', path };
    if (stat.isSymbolicLink()) {
      return {
        type: 'link',
        path,
        target: textOf(await readlink(full, { encoding: 'buffer' }), 'target', full),
      };
    }
    if (!stat.isFile()) return refuse(full, 'is neither a file, a folder nor a symbolic link');
    if ((stat.mode & 0o6000) !== 0)
      return refuse(full, 'has a set-uid or set-gid bit, which a package may not carry');
    return { type: 'file', path, sizeBytes: stat.size, executable: (stat.mode & 0o111) !== 0 };
  } catch (error) {
    throw isAbsent(error) ? changed(full) : storageError(error, full);
  }
}

function textOf(bytes: Buffer, what: string, path: string): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return text;
  throw new XylemError('E_TREE_PATH', `The ${what} ${JSON.stringify(text)} of ${path} is not UTF-8.`, {
    details: { path },
  });
}

function refuse(path: string, reason: string): never {
  throw new XylemError('E_TREE_ENTRY', `${path} ${reason}.`, { details: { path } });
}

export function changed(path: string): XylemError {
  return new XylemError('E_FILE_CHANGED', `${path} changed while it was being published.`, {
    details: { path },
  });
}
