import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Digest, type TreeEntry, TreeReader, XylemError } from '@xylem/core';

/** Something that is not as the tree's text says. */
export interface TreeFault {
  /** Null: the text itself. */
  readonly entry: TreeEntry | null;
  readonly what: string;
}

/** A tree in its place, and its text beside it. */
export interface InstalledTree {
  readonly folder: string;
  readonly textPath: string;
  readonly tree: Digest;
}

/** Looks at one entry: what is wrong, or null. */
export type EntryLook = (path: string, entry: TreeEntry) => Promise<string | null>;

/** Looks at every entry of a tree, and at its text last; the first fault ends it. */
export async function findFault(
  { folder, textPath, tree }: InstalledTree,
  look: EntryLook,
): Promise<TreeFault | null> {
  const reader = new TreeReader();
  const hash = createHash('sha256');
  const changed: TreeFault = { entry: null, what: 'its list of files changed' };
  try {
    for await (const piece of createReadStream(textPath)) {
      hash.update(piece as Buffer);
      for (const entry of reader.push(piece as Buffer)) {
        const what = await look(join(folder, entry.path), entry);
        if (what !== null) return { entry, what: `${entry.path} ${what}` };
      }
    }
    reader.end();
  } catch (error) {
    if (error instanceof XylemError || (error as NodeJS.ErrnoException).code === 'ENOENT') return changed;
    throw error;
  }
  return hash.digest('hex') === tree ? null : changed;
}

/**
 * Whether a tree that was verified when it was installed still is what its text says. Files that did not change since
 * are believed; the others are hashed.
 * @returns what is wrong, or null
 */
export async function treeFault(own: InstalledTree): Promise<string | null> {
  const verifiedMs = (await lstat(own.textPath)).mtimeMs;
  const fault = await findFault(own, (path, entry) => entryFault(path, entry, verifiedMs));
  return fault?.what ?? null;
}

/** @param verifiedMs a file that did not change since then is believed; `Number.NEGATIVE_INFINITY`: none is */
export async function entryFault(path: string, entry: TreeEntry, verifiedMs: number): Promise<string | null> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return 'is missing';
  switch (entry.type) {
    case 'folder':
      return found.isDirectory() ? null : 'is no folder';
    case 'link':
      return found.isSymbolicLink() && (await readlink(path)) === entry.target ? null : 'is another link';
    case 'file': {
      if (!found.isFile() || found.size !== entry.sizeBytes) return 'has another size';
      if (((found.mode & 0o111) !== 0) !== entry.executable) return 'has another mode';
      if (found.ctimeMs < verifiedMs) return null;
      return (await digestOf(path)) === entry.digest ? null : 'has other bytes';
    }
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
