import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { jcsBytes, limits, type RepositoryId, sha256 } from '@xylem/core';
import { type Log, replaceFile, syncFolder, writeFileAtomic } from '@xylem/platform';
import type { Piece, Signed } from '../parse.ts';
import type { MetadataStore, Stored } from './metadata-store.ts';
import type { Trusted } from './trusted.ts';

const nothing: Stored = { rootVersion: 1, timestamp: null, snapshotVersion: null, floorMs: 0 };

/**
 * Trusted state of one repository in one folder. `state.json` holds the timestamp and names the other files, which
 * are written before it and carry their version in their name: replacing it is the one atomic step from one
 * consistent state to the next (platform.writeFileAtomic), and a crash leaves the former state whole.
 */
export class StateStore implements MetadataStore {
  readonly keepsEachStep = false;
  readonly #folder: string;
  readonly #repository: RepositoryId;
  readonly #log: Log;

  constructor(stateFolder: string, repository: RepositoryId, log: Log) {
    this.#folder = join(stateFolder, repository);
    this.#repository = repository;
    this.#log = log;
  }

  async read(): Promise<Stored> {
    const bytes = await this.#readFile('state.json', limits.timestamp * 3);
    if (bytes === null) return nothing;
    try {
      const { digest, ...state } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
      const { format, repository, root, timestamp, snapshot, floor } = state;
      if (format !== 'xylem-tuf-state-1' || repository !== this.#repository)
        throw new TypeError('not our state');
      // A flipped bit in the floor alone could freeze this host for years.
      if (digest !== sha256(jcsBytes(state))) throw new TypeError('not as it was written');
      return {
        rootVersion: typeof root === 'number' ? root : 1,
        timestamp: typeof timestamp === 'string' ? Buffer.from(timestamp) : null,
        snapshotVersion: typeof snapshot === 'number' ? snapshot : null,
        floorMs: typeof floor === 'number' ? floor : 0,
      };
    } catch (error) {
      // Starting over from the pinned root is safe; what is lost is the memory of versions and time.
      this.#log.warn('trusted metadata damaged, starting over', { repository: this.#repository, error });
      return nothing;
    }
  }

  async readRole(role: string, version: number, maxBytes?: number): Promise<Uint8Array | null> {
    return this.#readFile(roleFile(role, version), maxBytes);
  }

  async writeRole(role: string, version: number, bytes: Uint8Array): Promise<void> {
    await this.#writeFile(roleFile(role, version), bytes);
  }

  async readTarget(digest: string, length: number): Promise<Uint8Array | null> {
    return this.#readFile(join('targets', digest), length);
  }

  /** A stored file, or null if it is absent or beyond its limit. */
  async #readFile(name: string, maxBytes: number = limits.metadata): Promise<Uint8Array | null> {
    try {
      await using file = await open(join(this.#folder, name), 'r');
      const { size } = await file.stat();
      return size > maxBytes ? null : await file.readFile();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return null;
      throw error;
    }
  }

  async #writeFile(name: string, bytes: Uint8Array, write = writeFileAtomic): Promise<void> {
    const path = join(this.#folder, name);
    await write(path, bytes).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(join(this.#folder, 'targets'), { recursive: true });
      await write(path, bytes);
    });
  }

  /** Makes `trusted` the stored state. Files that `stored` does not hold yet must differ in name, not in place. */
  async commit(trusted: Trusted, before: Trusted): Promise<void> {
    const { root, timestamp, snapshot, roles, floorMs } = trusted;
    const changed = new Map<string, Piece<Signed>>();
    if (root !== before.root) changed.set('root', root);
    if (snapshot !== undefined && snapshot !== before.snapshot) changed.set('snapshot', snapshot);
    for (const [role, piece] of roles) if (piece !== before.roles.get(role)) changed.set(role, piece);
    for (const [role, { metadata, bytes }] of changed)
      await this.#writeFile(roleFile(role, metadata.signed.version), bytes, replaceFile);
    if (changed.size > 0) await syncFolder(this.#folder);
    const state = {
      format: 'xylem-tuf-state-1',
      repository: this.#repository,
      root: root.metadata.signed.version,
      timestamp: timestamp === undefined ? null : Buffer.from(timestamp.bytes).toString('utf8'),
      snapshot: snapshot?.metadata.signed.version ?? null,
      floor: floorMs,
    };
    await this.#writeFile('state.json', jcsBytes({ ...state, digest: sha256(jcsBytes(state)) }));
    await this.#prune(trusted);
  }

  /** Stores verified bytes of a target, of which the newest `keep` stay. */
  async writeTarget(digest: string, bytes: Uint8Array, keep = 64): Promise<void> {
    await this.#writeFile(join('targets', digest), bytes);
    const names = await readdir(join(this.#folder, 'targets'));
    if (names.length <= keep) return;
    const dated = await Promise.all(
      names.map(async (name) => {
        await using file = await open(join(this.#folder, 'targets', name), 'r');
        return { name, mtimeMs: (await file.stat()).mtimeMs };
      }),
    );
    dated.sort((a, b) => b.mtimeMs - a.mtimeMs);
    for (const { name } of dated.slice(keep)) await this.#remove(join('targets', name));
  }

  /** Removes files of former versions, and temporaries that a crash left. Roots stay: newcomers need the chain. */
  async #prune(trusted: Trusted): Promise<void> {
    const meta = trusted.snapshot?.metadata.signed.meta ?? {};
    const live = new Set(['state.json', 'targets']);
    if (trusted.snapshot !== undefined)
      live.add(roleFile('snapshot', trusted.snapshot.metadata.signed.version));
    for (const [name, { version }] of Object.entries(meta)) live.add(`${version}.${name}`);
    for (const name of await readdir(this.#folder)) {
      if (!live.has(name) && !/^\d+\.root\.json$/.test(name)) await this.#remove(name);
    }
  }

  async #remove(name: string): Promise<void> {
    await unlink(join(this.#folder, name)).catch((error: unknown) => {
      this.#log.warn('could not remove former metadata', { repository: this.#repository, file: name, error });
    });
  }
}

/** Role names are checked to be of `[a-z0-9-]`, so that none leads out of the folder. */
function roleFile(role: string, version: number): string {
  return `${version}.${role}.json`;
}
