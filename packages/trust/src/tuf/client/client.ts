import { limits, type RepositoryId, XylemError } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { metadataPath, type RepositoryFile, targetFilePath } from '../names.ts';
import { expiresMs, invalidMetadata } from '../parse.ts';
import { productRulesOf } from '../xylem-field.ts';
import { loadStored } from './load.ts';
import type { MetadataStore } from './metadata-store.ts';
import { checkRoleName, pathOf, quoted } from './paths.ts';
import { stateOf } from './state.ts';
import { StateStore } from './state-store.ts';
import { digestOf, isTarget } from './target.ts';
import {
  checkRoleExpiry,
  checkRootExpiry,
  checkSnapshotExpiry,
  checkTimestampExpiry,
  type Freshness,
  hasCurrentSnapshot,
  isListed,
  isSignedFor,
  metaOf,
  pinnedRoot,
  present,
  recovered,
  type Trusted,
  withRole,
  withRoot,
  withSnapshot,
  withTimestamp,
} from './trusted.ts';
import type {
  ProductRules,
  ReadOptions,
  RefreshOptions,
  TargetInfo,
  TufClientOptions,
  TufState,
} from './types.ts';
import { findTarget, type RoleLoader } from './walk.ts';

const maxRootRotations = 256;

/**
 * Follows one TUF repository: the client workflow of the TUF specification 1.0.31, section 5. A step that fails
 * throws and leaves the trusted state as it was: the host keeps what it has.
 *
 * One deviation (ADR 0002), by the store that hosts use: 5.4.5, 5.5.7 and 5.6.6 (write to storage) happen together
 * once all three are verified, so that what is stored is always a consistent whole and half of a foreign set never
 * displaces ours. `packages/trust/conformance` runs this class with a store that keeps each step.
 */
export class TufClient {
  readonly id: RepositoryId;
  readonly #options: TufClientOptions;
  readonly #store: MetadataStore;
  #trusted: Trusted | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  /** Roles that were fetched since the last refresh: asked for again, a parent gives the same. */
  #fresh = new WeakSet<object>();

  constructor(options: TufClientOptions) {
    this.id = options.id;
    this.#options = options;
    const { stateFolder, id, log = silentLog } = options;
    this.#store = typeof stateFolder === 'string' ? new StateStore(stateFolder, id, log) : stateFolder;
  }

  /** Loads the stored state, verifying it, without any fetch. @throws XylemError if the pinned root is not `id`'s */
  async open(): Promise<TufState> {
    return this.#exclusively(async () => stateOf(await this.#opened()));
  }

  /** What is trusted now. Call `open` or `refresh` before. */
  state(): TufState {
    return stateOf(present(this.#trusted, 'root'));
  }

  /**
   * Takes the newest metadata of the four top-level roles.
   * @returns whether the snapshot changed
   * @throws XylemError E_METADATA_EXPIRED, E_METADATA_INVALID, E_METADATA_MISSING, E_METADATA_ROLLBACK,
   *   E_METADATA_SIGNATURE, E_TOO_LARGE, and what the fetcher throws; the trusted state stays, but for new roots
   */
  async refresh(
    options: RefreshOptions = {},
  ): Promise<{ readonly changed: boolean; readonly state: TufState }> {
    return this.#exclusively(async () => {
      const before = await this.#opened();
      this.#fresh = new WeakSet();
      // 5.1: one time for the whole update.
      const startMs = this.#options.clock.now();
      await this.#updateRoots(before, startMs);
      const start = await this.#opened();
      let next = withTimestamp(start, options.knownTimestamp ?? (await this.#fetchTimestamp()), this.id);
      const freshness = { nowMs: Math.max(startMs, next.floorMs), ...vouched(options) };
      checkTimestampExpiry(next, freshness);
      await this.#keepStep(next);
      if (!hasCurrentSnapshot(next)) next = withSnapshot(next, await this.#fetchSnapshot(next));
      checkSnapshotExpiry(next, freshness);
      await this.#keepStep(next);
      next = await this.#withRole(next, 'targets', null, freshness);
      await this.#commit(next);
      return { changed: next.snapshot !== before.snapshot, state: stateOf(next) };
    });
  }

  /**
   * Finds who vouches for a target, fetching the delegated roles on the way as needed (5.6.7). Null: nobody does.
   * @throws as `refresh`; E_METADATA_MISSING before the first refresh
   */
  async target(path: string, options: ReadOptions = {}): Promise<TargetInfo | null> {
    return this.#exclusively(async () => this.#target(path, this.#freshness(await this.#opened(), options)));
  }

  /**
   * The verified bytes of a target (5.7), from the state folder or fetched, or null if nobody vouches for it.
   * @throws as `target`; E_TOO_LARGE, E_OBJECT_DIGEST (other bytes), E_METADATA_MISSING (no such file)
   */
  async readTarget(path: string, maxBytes: number, options: ReadOptions = {}): Promise<Uint8Array | null> {
    return this.#exclusively(async () => {
      const info = await this.#target(path, this.#freshness(await this.#opened(), options));
      return info === null ? null : this.#readTarget(info, maxBytes);
    });
  }

  /**
   * Floor and withdrawals of a product's role (`p-<domain>`), or null if the targets role does not delegate it.
   * @throws as `target`
   */
  async productRules(role: string, options: ReadOptions = {}): Promise<ProductRules | null> {
    return this.#exclusively(async () => {
      const freshness = this.#freshness(await this.#opened(), options);
      // Not only what is there: its file may have been damaged, and no newer snapshot be named for long.
      const { signed } = (await this.#load('targets', null, freshness)).metadata;
      if (!Object.hasOwn(signed.delegations?.roles ?? {}, role)) return null;
      const piece = await this.#load(role, 'targets', freshness);
      return { ...productRulesOf(piece.metadata.signed), expiresAt: expiresMs(piece.metadata.signed) };
    });
  }

  /**
   * Whether a timestamp that somebody offers could be taken: signed for this repository, not expired, not older than the
   * trusted one. Nothing is taken of it. @throws as `refresh`
   */
  async checkTimestamp(bytes: Uint8Array): Promise<void> {
    await this.#exclusively(async () => {
      const offered = withTimestamp(await this.#opened(), bytes, this.id);
      checkTimestampExpiry(offered, { nowMs: Math.max(this.#options.clock.now(), offered.floorMs) });
    });
  }

  /** Raises the floor of time by an `issued` of content that this repository vouched for. Never by a local clock. */
  async raiseFloor(issuedMs: number): Promise<void> {
    await this.#exclusively(async () => {
      const trusted = await this.#opened();
      if (issuedMs > trusted.floorMs) await this.#commit({ ...trusted, floorMs: issuedMs });
    });
  }

  /**
   * The raw trusted metadata, in the order in which a mirror must write it: roots, roles, snapshot, timestamp.
   * Delegated roles are there as far as they were loaded for this snapshot.
   */
  async exportMetadata(): Promise<RepositoryFile[]> {
    return this.#exclusively(async () => {
      const { root, roles, snapshot, timestamp } = await this.#opened();
      const files: RepositoryFile[] = [{ path: metadataPath('root', 1), bytes: this.#options.pinnedRoot }];
      for (let version = 2; version < root.metadata.signed.version; version += 1) {
        const bytes = await this.#store.readRole('root', version);
        if (bytes !== null) files.push({ path: metadataPath('root', version), bytes });
      }
      const add = (
        role: string,
        piece: { bytes: Uint8Array; metadata: { signed: { version: number } } },
      ): void => {
        files.push({ path: metadataPath(role, piece.metadata.signed.version), bytes: piece.bytes });
      };
      if (root.metadata.signed.version > 1) add('root', root);
      for (const [role, piece] of [...roles].reverse()) add(role, piece);
      if (snapshot !== undefined) add('snapshot', snapshot);
      if (timestamp !== undefined) add('timestamp', timestamp);
      return files;
    });
  }

  /** 5.3: each next root until there is none; each is kept as soon as it is verified (5.3.8). */
  async #updateRoots(before: Trusted, startMs: number): Promise<void> {
    let trusted = before;
    for (let step = 0; step < maxRootRotations; step += 1) {
      // 5.3.2 and 5.3.3.
      const path = metadataPath('root', trusted.root.metadata.signed.version + 1);
      const bytes = await this.#fetch(path, limits.rootMetadata);
      if (bytes === null) break;
      const next = recovered(withRoot(trusted, bytes), trusted.root.metadata);
      await this.#commit(next);
      trusted = next;
    }
    checkRootExpiry(trusted, Math.max(startMs, trusted.floorMs));
  }

  async #fetchTimestamp(): Promise<Uint8Array> {
    // 5.4.1.
    return this.#fetchExisting(metadataPath('timestamp', 0), limits.timestamp);
  }

  async #fetchSnapshot(trusted: Trusted): Promise<Uint8Array> {
    // 5.5.1.
    const meta = present(trusted.timestamp, 'timestamp').metadata.signed.snapshotMeta;
    const maxBytes = Math.min(meta.length ?? limits.metadata, limits.metadata);
    return this.#fetchExisting(pathOf(trusted, 'snapshot', meta.version), maxBytes);
  }

  /** The role in the trusted set, from the disk, or fetched (5.6.1). */
  async #withRole(
    trusted: Trusted,
    role: string,
    delegator: string | null,
    freshness: Freshness,
  ): Promise<Trusted> {
    checkRoleName(role, this.#options.dialect ?? 'ours');
    const known = trusted.roles.get(role);
    if (known !== undefined && isSignedFor(trusted, role, delegator, known)) {
      checkRoleExpiry(trusted, role, known, freshness);
      return trusted;
    }
    // Another delegator, whose keys did not sign it: that is said, without asking again.
    if (known !== undefined && this.#fresh.has(known)) {
      return withRole(trusted, role, delegator, known.bytes, freshness);
    }
    const meta = metaOf(trusted, role);
    const stored = await this.#store.readRole(role, meta.version);
    if (stored !== null) {
      try {
        return withRole(trusted, role, delegator, stored, freshness);
      } catch (error) {
        if (!(error instanceof XylemError) || error.code === 'E_METADATA_EXPIRED') throw error;
      }
    }
    const maxBytes = Math.min(meta.length ?? limits.metadata, limits.metadata);
    const bytes = await this.#fetchExisting(pathOf(trusted, role, meta.version), maxBytes);
    const next = withRole(trusted, role, delegator, bytes, freshness);
    this.#fresh.add(present(next.roles.get(role), role));
    return next;
  }

  /** Loads a delegated role into the trusted set and the store. */
  async #load(role: string, delegator: string | null, freshness: Freshness): ReturnType<RoleLoader> {
    const trusted = await this.#opened();
    const next = await this.#withRole(trusted, role, delegator, freshness);
    if (next !== trusted) {
      const piece = present(next.roles.get(role), role);
      // Its name holds the version that the stored snapshot names: the state need not be written again.
      await this.#store.writeRole(role, piece.metadata.signed.version, piece.bytes);
      this.#trusted = next;
    }
    return present(next.roles.get(role), role);
  }

  async #target(path: string, freshness: Freshness): Promise<TargetInfo | null> {
    const trusted = await this.#opened();
    const isConsistent = trusted.root.metadata.signed.consistentSnapshot;
    const { nowMs } = freshness;
    const found = await findTarget(path, async (role, delegator) => this.#load(role, delegator, freshness), {
      nowMs,
      isListed: (role) => isListed(trusted, role),
    });
    if (found === null) return null;
    const digest = digestOf(found.target.hashes, this.#options.dialect);
    if (digest === null)
      throw invalidMetadata(found.roles.at(-1) ?? '', `${path} has no digest that we know`);
    return {
      path,
      length: found.target.length,
      digest,
      hashes: found.target.hashes,
      filePath: isConsistent ? quoted(targetFilePath(path, digest)) : `targets/${quoted(path)}`,
      roles: found.roles,
      expiresAt: found.expiresAt,
    };
  }

  async #readTarget(info: TargetInfo, maxBytes: number): Promise<Uint8Array> {
    const { path, length, filePath } = info;
    if (length > maxBytes)
      throw new XylemError('E_TOO_LARGE', `${path} has ${length} bytes; ${maxBytes} are allowed.`);
    const stored = await this.#store.readTarget(info.digest, length);
    if (stored !== null && isTarget(info, stored)) return stored;
    // 5.7.3: at most the stated length, and those digests.
    const bytes = await this.#fetchExisting(filePath, length);
    if (!isTarget(info, bytes)) {
      throw new XylemError('E_OBJECT_DIGEST', `${filePath} does not hold the bytes that its role names.`);
    }
    await this.#store.writeTarget(info.digest, bytes);
    return bytes;
  }

  async #fetchExisting(path: string, maxBytes: number): Promise<Uint8Array> {
    const bytes = await this.#fetch(path, maxBytes);
    if (bytes !== null) return bytes;
    throw new XylemError('E_METADATA_MISSING', `${path} of the repository ${this.id} is not there.`, {
      details: { path, repository: this.id },
    });
  }

  async #fetch(path: string, maxBytes: number): Promise<Uint8Array | null> {
    const bytes = await this.#options.fetchMetadata(path, maxBytes);
    if (bytes === null || bytes.length <= maxBytes) return bytes;
    throw new XylemError(
      'E_TOO_LARGE',
      `${path} of the repository ${this.id} is larger than ${maxBytes} bytes.`,
      {
        retry: 'elsewhere',
      },
    );
  }

  /** For reading between refreshes, in which time goes on. @throws XylemError E_METADATA_EXPIRED */
  #freshness(trusted: Trusted, options: ReadOptions): Freshness {
    if (options.evenExpired === true) return { nowMs: Number.NEGATIVE_INFINITY };
    const nowMs = Math.max(this.#options.clock.now(), trusted.floorMs);
    const freshness = { nowMs, ...vouched(options) };
    checkRootExpiry(trusted, nowMs);
    checkTimestampExpiry(trusted, freshness);
    checkSnapshotExpiry(trusted, freshness);
    // Where each step is stored apart, a refresh that failed may have left a newer timestamp.
    if (!hasCurrentSnapshot(trusted)) present(undefined, 'snapshot');
    return freshness;
  }

  async #opened(): Promise<Trusted> {
    if (this.#trusted === undefined) {
      const rules = { keyIds: this.#options.dialect === 'any' ? 'given' : 'calculated' } as const;
      const pinned = pinnedRoot(this.id, this.#options.pinnedRoot, rules);
      this.#trusted = await loadStored(this.#store, pinned, this.id);
    }
    return this.#trusted;
  }

  /** What is on disk is what is in memory, or older: memory follows only a successful write. */
  async #commit(next: Trusted): Promise<void> {
    const before = await this.#opened();
    if (next !== before) await this.#store.commit(next, before);
    this.#trusted = next;
  }

  /** 5.4.5 and 5.5.7. */
  async #keepStep(next: Trusted): Promise<void> {
    if (this.#store.keepsEachStep) await this.#commit(next);
  }

  /** One step at a time: two updates at once would each build on a state that the other replaces. */
  async #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(action);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function vouched(options: RefreshOptions): { vouchedSnapshot?: number } {
  return options.vouchedSnapshot === undefined ? {} : { vouchedSnapshot: options.vouchedSnapshot };
}
