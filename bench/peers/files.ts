import { lstat, lutimes, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@xylem/testkit';

/** Times of what both versions have alike, and of what the new one has anew: seconds since 1970. */
const sameSeconds = 1_700_000_000;
const changedSeconds = sameSeconds + 86_400;

/** All regular files below a folder, by their paths below it, sorted. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const prefix = join(folder, '/').length;
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(prefix))
    .toSorted();
}

/** Bytes of all files below a folder, a file with several names once. */
export async function bytesBelow(folder: string): Promise<number> {
  const bytes = new Map<number, number>();
  for (const path of await filesBelow(folder)) {
    const { ino, size } = await lstat(join(folder, path));
    bytes.set(ino, size);
  }
  return [...bytes.values()].reduce((sum, size) => sum + size, 0);
}

export const bytesOf = async (file: string): Promise<number> => (await stat(file)).size;

export async function copyTree(from: string, to: string): Promise<void> {
  await run('/bin/cp', ['-a', '--', from, to], { timeoutMs: 600_000 });
}

/** Whether both trees have the same bytes at a path. */
async function isSame(old: string, next: string, path: string): Promise<boolean> {
  const [a, b] = [join(old, path), join(next, path)];
  const [before, after] = await Promise.all([lstat(a).catch(() => null), lstat(b)]);
  if (before === null || !before.isFile() || before.size !== after.size) return false;
  return (await readFile(a)).equals(await readFile(b));
}

/**
 * Gives what is alike in both trees the same times, and what differs others. Registries pack all files with one time,
 * by which rsync would take changed files for unchanged ones; times that all differ would cost casync and rsync bytes
 * that no peer wants to send. So this is their best case.
 */
export async function settleTimes(old: string, next: string): Promise<void> {
  for (const tree of [old, next]) {
    for (const { parentPath, name } of await readdir(tree, { withFileTypes: true, recursive: true }))
      await lutimes(join(parentPath, name), sameSeconds, sameSeconds);
    await lutimes(tree, sameSeconds, sameSeconds);
  }
  for (const path of await changedFiles(old, next))
    await lutimes(join(next, path), changedSeconds, changedSeconds);
}

/** Files of the new tree that the old one has not, or has with other bytes. */
async function changedFiles(old: string, next: string): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const path of await filesBelow(next)) if (!(await isSame(old, next, path))) changed.push(path);
  return changed;
}

/** The largest file that both trees have and that changed, or null. */
export async function largestChanged(old: string, next: string): Promise<string | null> {
  let largest: { readonly path: string; readonly bytes: number } | null = null;
  for (const path of await changedFiles(old, next)) {
    const before = await lstat(join(old, path)).catch(() => null);
    const { size } = await lstat(join(next, path));
    if (before?.isFile() === true && size > (largest?.bytes ?? -1)) largest = { path, bytes: size };
  }
  return largest?.path ?? null;
}

/** One uncompressed tar of a tree, alike for alike trees. */
export async function tarOf(tree: string, file: string): Promise<string> {
  const plain = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  await run('/bin/tar', [...plain, '-C', tree, '-cf', file, '.'], { timeoutMs: 600_000 });
  return file;
}
