import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Digest, type TreeEntry, TreeReader } from '@xylem/core';

/**
 * Whether a tree that was verified when it was installed still is what its text says. Files that did not change since
 * are believed; the others are hashed.
 * @returns what is wrong, or null
 */
export async function treeFault(folder: string, textPath: string, tree: Digest): Promise<string | null> {
  const verifiedMs = (await lstat(textPath)).mtimeMs;
  const reader = new TreeReader();
  const hash = createHash('sha256');
  for await (const piece of createReadStream(textPath)) {
    hash.update(piece as Buffer);
    for (const entry of reader.push(piece as Buffer)) {
      const fault = await entryFault(folder, entry, verifiedMs);
      if (fault !== null) return `${entry.path} ${fault}`;
    }
  }
  reader.end();
  return hash.digest('hex') === tree ? null : 'its list of files changed';
}

async function entryFault(folder: string, entry: TreeEntry, verifiedMs: number): Promise<string | null> {
  const path = join(folder, entry.path);
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
