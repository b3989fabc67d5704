import type { RepositoryId, RoleExtension } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { MetadataStore } from './metadata-store.ts';

/**
 * Fetches a file of the repository. `path` is below `/r/<repository>/`; null: it does not exist (404). Must stop
 * at `maxBytes` and may throw any coded error.
 */
export type MetadataFetch = (path: string, maxBytes: number) => Promise<Uint8Array | null>;

export interface TufClientOptions {
  readonly id: RepositoryId;
  /** `1.root.json`, as joining pinned it. */
  readonly pinnedRoot: Uint8Array;
  /** The repository's state lies below, in a folder named by its id; or where a store of one's own keeps it. */
  readonly stateFolder: string | MetadataStore;
  /**
   * `ours` (the default): role names are of a-z, 0-9 and -, and ids of keys are calculated again. `any`: what other
   * writers of TUF repositories may do is followed too: names that need quoting, ids that are only names (TAP 12).
   */
  readonly dialect?: 'ours' | 'any';
  readonly fetchMetadata: MetadataFetch;
  readonly clock: Clock;
  readonly log?: Log;
}

export interface RefreshOptions {
  /** The timestamp that news brought: saves fetching it. */
  readonly knownTimestamp?: Uint8Array;
  /** The snapshot version that the site's verified direction names: it, or a later one, counts as fresh. */
  readonly vouchedSnapshot?: number;
}

export interface ReadOptions extends Pick<RefreshOptions, 'vouchedSnapshot'> {
  /**
   * Expiry does not count: for what was accepted before and is only restarted or repaired. By default whatever has
   * expired since the last refresh is refused.
   */
  readonly evenExpired?: boolean;
}

/** Versions of what is trusted (0: nothing yet) and until when. */
export interface TufState {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
  /** The first end of root, timestamp, snapshot and targets, milliseconds since 1970; 0: nothing is trusted yet. */
  readonly expiresAt: number;
  /** Signed content says that it is at least this late. */
  readonly floorMs: number;
}

/** A target that the repository vouches for. */
export interface TargetInfo {
  readonly path: string;
  readonly length: number;
  /** The digest in its file's name: its SHA-256, or where another writer gives none, another of `hashes`. */
  readonly digest: string;
  /** All digests that the role names, by algorithm: each must fit (5.7.3). */
  readonly hashes: Readonly<Record<string, string>>;
  /** Where its bytes lie, below `/r/<repository>/`. */
  readonly filePath: string;
  /** The roles from targets down to the one that lists it. */
  readonly roles: readonly string[];
  /** The first end among them. */
  readonly expiresAt: number;
}

/** What a product's role says beside its targets. */
export interface ProductRules extends RoleExtension {
  readonly expiresAt: number;
}
