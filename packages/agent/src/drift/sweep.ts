import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { type Digest, isDigest } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import { entryFault, findFault, type InstalledTree, type TreeFault } from './verify-tree.ts';

/** How the files of a tree looked when all of them were known to be right. */
interface Seen {
  readonly tree: string;
  /** Over size, mode, inode and times of every file. */
  readonly stats: string;
}

/** So many files are looked at, then others have the processor. */
const filesAtOnce = 256;
const pauseMs = 50;

export function seenFile(path: string, log: Log): JsonFile<Seen> {
  return jsonFile(
    path,
    'xylem-seen-1',
    ({ tree, stats }) => {
      if (!isDigest(String(tree)) || !isDigest(String(stats))) throw new Error('no digests');
      return { tree: tree as Digest, stats: stats as Digest };
    },
    log,
  );
}

/**
 * Looks whether a tree still is as it was installed. Cheap while nothing changed: each file is only asked for its size
 * and times, which are compared with those of the last time that all was well. The wall clock plays no part in that:
 * one that leaps can't hide a change. When they differ, every file is hashed.
 * @throws the signal's reason
 */
export async function sweepTree(
  own: InstalledTree,
  seen: JsonFile<Seen>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<TreeFault | null> {
  const known = await seen.read();
  const before = known?.tree === own.tree ? known.stats : null;
  const hash = createHash('sha256');
  let looked = 0;
  const paced = async (): Promise<void> => {
    looked += 1;
    if (looked % filesAtOnce === 0) await clock.sleep(pauseMs, signal);
    else signal.throwIfAborted();
  };
  const fault = await findFault(own, async (path) => {
    await paced();
    const found = await lstat(path, { bigint: true }).catch(() => null);
    if (found === null) return 'is missing';
    // A folder's own times move with what a program puts beside the tree's files, and that is none of ours.
    const { mode, size, ino, mtimeNs, ctimeNs } = found;
    hash.update(found.isDirectory() ? 'd' : `${mode} ${size} ${ino} ${mtimeNs} ${ctimeNs}\n`);
    return null;
  });
  if (fault !== null) return fault;
  const stats = hash.digest('hex');
  if (stats === before) return null;
  // The first look after an installation believes what did not change since: it was hashed on its way here.
  const believedMs = before === null ? (await lstat(own.textPath)).mtimeMs : Number.NEGATIVE_INFINITY;
  const changed = await findFault(own, async (path, entry) => {
    await paced();
    return await entryFault(path, entry, believedMs);
  });
  if (changed === null) await seen.write({ tree: own.tree, stats });
  return changed;
}
