import { constants } from 'node:fs';
import { chmod, copyFile, link, lstat, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, limits, parseTree, sha256, type TreeEntry, type TreeFile } from '@xylem/core';
import { chunksOf } from '../chunk/cutter.ts';
import { hashOf } from '../repository/hash-file.ts';
import { modeOf } from './staging.ts';
import type { Seed } from './types.ts';

/** A tree that lies in a folder whole. */
export interface KnownTree {
  readonly digest: Digest;
  readonly folder: string;
  readonly entries: readonly TreeEntry[];
}

interface SeedTree {
  readonly folder: string;
  readonly text: Buffer;
  readonly entries: readonly TreeEntry[];
  /** When its text was written: after everything else of it was in place. */
  readonly completeMs: number;
  readonly isForeign: boolean;
}

interface SeedFile {
  readonly path: string;
  readonly tree: SeedTree;
}

/** What installed trees hold that is wanted: whole files and chunks, by digest. The first seed wins. */
export class Seeds {
  readonly #trees: readonly SeedTree[];
  readonly #files = new Map<Digest, SeedFile>();
  readonly #chunks = new Map<
    Digest,
    { readonly path: string; readonly offset: number; readonly sizeBytes: number }
  >();

  private constructor(trees: readonly SeedTree[]) {
    this.#trees = trees;
  }

  /** Seeds whose text is absent or not valid are passed over: they only save bytes. */
  static async open(seeds: readonly Seed[]): Promise<Seeds> {
    const trees: SeedTree[] = [];
    for (const { folder, treeFile = `${folder}.tree`, isForeign = false } of seeds) {
      try {
        const { mtimeMs, size } = await stat(treeFile);
        if (size > limits.tree) continue;
        const text = await readFile(treeFile);
        trees.push({ folder, text, entries: parseTree(text), completeMs: mtimeMs, isForeign });
      } catch {
        // Not a seed, then.
      }
    }
    return new Seeds(trees);
  }

  /** The chunks of the seeds' own texts: of a new tree's text most are the same. */
  *textChunks(): Generator<{ digest: Digest; bytes: Uint8Array }> {
    for (const { text } of this.#trees) {
      for (const bytes of chunksOf(text)) yield { digest: sha256(bytes), bytes };
    }
  }

  /** Those that are ours alone. */
  trees(): KnownTree[] {
    return this.#trees
      .filter(({ isForeign }) => !isForeign)
      .map(({ text, folder, entries }) => ({ digest: sha256(text), folder, entries }));
  }

  /** To be called before `give` and `chunk`: remembers only what these files can use. */
  want(files: readonly TreeFile[]): void {
    const wantedFiles = new Set(files.map(({ digest }) => digest));
    const wantedChunks = new Set(files.flatMap(({ chunks }) => chunks.map(([digest]) => digest)));
    for (const tree of this.#trees) {
      for (const entry of tree.entries) {
        if (entry.type !== 'file' || entry.sizeBytes === 0) continue;
        const path = join(tree.folder, entry.path);
        if (wantedFiles.has(entry.digest) && !this.#files.has(entry.digest)) {
          this.#files.set(entry.digest, { path, tree });
        }
        if (tree.isForeign) continue;
        let offset = 0;
        for (const [digest, sizeBytes] of entry.chunks) {
          if (wantedChunks.has(digest) && !this.#chunks.has(digest)) {
            this.#chunks.set(digest, { path, offset, sizeBytes });
          }
          offset += sizeBytes;
        }
      }
    }
  }

  hasFile(wanted: TreeFile): boolean {
    return this.#files.has(wanted.digest);
  }

  /**
   * Puts a file that equals `wanted` at `to`, where nothing is yet. Absent when no seed has it, or it is not what it
   * was: what changed in any way since its tree was complete is hashed first; the rest is not read again.
   */
  async give(wanted: TreeFile, to: string, share: 'link' | 'copy'): Promise<'linked' | 'copied' | 'absent'> {
    const seed = this.#files.get(wanted.digest);
    if (seed === undefined) return 'absent';
    try {
      const found = await lstat(seed.path);
      if (!found.isFile() || found.size !== wanted.sizeBytes) return 'absent';
      if (seed.tree.isForeign) return (await givenVerified(seed.path, wanted, to)) ? 'copied' : 'absent';
      const isSuspect = found.ctimeMs >= seed.tree.completeMs;
      if (isSuspect && (await hashOf(seed.path)) !== wanted.digest) return 'absent';
      if (share === 'link' && (found.mode & 0o7777) === modeOf(wanted) && (await linked(seed.path, to))) {
        return 'linked';
      }
      await copyFile(seed.path, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      await chmod(to, modeOf(wanted));
      return 'copied';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
      await rm(to, { force: true });
      return 'absent';
    }
  }

  /** A chunk's bytes, verified, or null. */
  async chunk(digest: Digest): Promise<Uint8Array | null> {
    const place = this.#chunks.get(digest);
    if (place === undefined) return null;
    try {
      const handle = await open(place.path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        const bytes = Buffer.allocUnsafe(place.sizeBytes);
        const { bytesRead } = await handle.read(bytes, 0, place.sizeBytes, place.offset);
        return bytesRead === place.sizeBytes && sha256(bytes) === digest ? bytes : null;
      } finally {
        await handle.close();
      }
    } catch {
      return null;
    }
  }
}

/** Copied first and hashed then: whoever may write there can change nothing in between. False: it is not what is wanted. */
async function givenVerified(from: string, wanted: TreeFile, to: string): Promise<boolean> {
  // NONBLOCK: a pipe that took its place just now must hold nobody up.
  const file = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return false;
    const flags = constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL;
    await copyFile(`/proc/self/fd/${file.fd}`, to, flags);
  } finally {
    await file.close();
  }
  await chmod(to, modeOf(wanted));
  if ((await hashOf(to)) === wanted.digest) return true;
  await rm(to, { force: true });
  return false;
}

/** False where the file system or the kernel's rules allow no further link; then it is copied. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch {
    return false;
  }
}
