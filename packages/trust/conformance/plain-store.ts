import { mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import type { MetadataStore, Stored } from '../src/tuf/client/metadata-store.ts';
import { segment } from '../src/tuf/client/paths.ts';
import type { Trusted } from '../src/tuf/client/trusted.ts';

/**
 * Trusted metadata as the conformance suite looks for it: `<role>.json` in one folder, each written as soon as it is
 * verified. `root.json` is the newest trusted root, from which the next start goes on; roots before it are not kept.
 */
export class PlainStore implements MetadataStore {
  readonly keepsEachStep = true;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The root to begin with, or null before `init`. */
  async root(): Promise<Uint8Array | null> {
    return this.#read('root', limits.rootMetadata);
  }

  async writeRoot(bytes: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await this.#write('root', bytes);
  }

  async read(): Promise<Stored> {
    const timestamp = await this.#read('timestamp', limits.timestamp);
    // Versions are in the files, and the floor of time is Xylem's own: repositories of others say no `issued`.
    return { rootVersion: 0, timestamp, snapshotVersion: 0, floorMs: 0 };
  }

  async readRole(
    role: string,
    _version: number,
    maxBytes: number = limits.metadata,
  ): Promise<Uint8Array | null> {
    // The root that is kept is the pinned one.
    return role === 'root' ? null : this.#read(role, maxBytes);
  }

  async writeRole(role: string, _version: number, bytes: Uint8Array): Promise<void> {
    await this.#write(role, bytes);
  }

  /** Each file for itself: what a crash leaves between two of them is what a refresh that failed there leaves. */
  async commit(trusted: Trusted, before: Trusted): Promise<void> {
    if (trusted.root !== before.root) await this.#write('root', trusted.root.bytes);
    for (const role of ['timestamp', 'snapshot'] as const) {
      const piece = trusted[role];
      // 5.3.11: deleted.
      if (piece === undefined) await this.#remove(role);
      else if (piece !== before[role]) await this.#write(role, piece.bytes);
    }
    for (const [role, piece] of trusted.roles) {
      if (piece !== before.roles.get(role)) await this.#write(role, piece.bytes);
    }
  }

  /** Targets lie where the suite says, and `main.ts` looks there. */
  async readTarget(): Promise<null> {
    return null;
  }

  async writeTarget(): Promise<void> {}

  #path(role: string): string {
    return join(this.#folder, `${segment(role)}.json`);
  }

  async #read(role: string, maxBytes: number): Promise<Uint8Array | null> {
    try {
      await using file = await open(this.#path(role), 'r');
      return (await file.stat()).size > maxBytes ? null : await file.readFile();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async #write(role: string, bytes: Uint8Array): Promise<void> {
    await writeFileAtomic(this.#path(role), bytes);
  }

  async #remove(role: string): Promise<void> {
    await unlink(this.#path(role)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}
