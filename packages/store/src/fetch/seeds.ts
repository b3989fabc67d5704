import { constants } from 'node:fs';
import { copyFile, link, lstat, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, parseTree, sha256, type TreeFile } from '@xylem/core';
import { hashOf } from './staging.ts';
import type { Seed } from './types.ts';

interface SeedFile {
  readonly path: string;
  readonly file: TreeFile;
  /** Verified before it is used, because it may have been changed since it was installed. */
  readonly isSuspect: boolean;
}

interface SeedChunk {
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What installed trees hold: whole files by digest, chunks of larger files by digest. The first seed wins. */
export class Seeds {
  readonly #files = new Map<Digest, SeedFile>();
  readonly #chunks = new Map<Digest, SeedChunk>();

  static async open(seeds: readonly Seed[]): Promise<Seeds> {
    const all = new Seeds();
    for (const seed of seeds) await all.#add(seed).catch(() => undefined);
    return all;
  }

  /**
   * Puts a file that equals `wanted` at `to`. Absent when no seed has it, or it is not what it was any more: what was
   * touched since it was installed is hashed first.
   */
  async give(wanted: TreeFile, to: string, share: 'link' | 'copy'): Promise<'linked' | 'copied' | 'absent'> {
    const seed = this.#files.get(wanted.digest);
    if (seed === undefined || seed.file.sizeBytes !== wanted.sizeBytes) return 'absent';
    try {
      if (seed.isSuspect && (await hashOf(seed.path)) !== wanted.digest) return 'absent';
      if (share === 'link' && seed.file.executable === wanted.executable) {
        await link(seed.path, to);
        return 'linked';
      }
      await copyFile(seed.path, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      return 'copied';
    } catch {
      return 'absent';
    }
  }

  hasFile(wanted: TreeFile): boolean {
    return this.#files.has(wanted.digest);
  }

  /** A chunk's bytes, verified, or null. */
  async chunk(digest: Digest): Promise<Uint8Array | null> {
    const place = this.#chunks.get(digest);
    if (place === undefined) return null;
    try {
      const handle = await open(place.path, 'r');
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

  async #add(seed: Seed): Promise<void> {
    const treeFile = seed.treeFile ?? `${seed.folder}.tree`;
    const { mtimeMs } = await stat(treeFile);
    const entries = parseTree(await readFile(treeFile));
    for (const entry of entries) {
      if (entry.type !== 'file') continue;
      const path = join(seed.folder, entry.path);
      if (!this.#files.has(entry.digest)) {
        const found = await lstat(path).catch(() => null);
        if (found?.isFile() !== true || found.size !== entry.sizeBytes) continue;
        this.#files.set(entry.digest, { path, file: entry, isSuspect: found.ctimeMs > mtimeMs });
      }
      if (entry.chunks.length < 2) continue;
      let offset = 0;
      for (const [digest, sizeBytes] of entry.chunks) {
        if (!this.#chunks.has(digest)) this.#chunks.set(digest, { path, offset, sizeBytes });
        offset += sizeBytes;
      }
    }
  }
}
