import type { Trusted } from './trusted.ts';

/** What lay on disk, not yet believed: the client verifies it as if it had been fetched. */
export interface Stored {
  /** The newest root that a commit named. Later ones may lie there from a commit that was interrupted. */
  readonly rootVersion: number;
  readonly timestamp: Uint8Array | null;
  readonly snapshotVersion: number | null;
  readonly floorMs: number;
}

/** Where a client keeps what it trusts. A store is one client's alone. */
export interface MetadataStore {
  /**
   * True: timestamp, snapshot and targets are committed as soon as each is verified (5.4.5, 5.5.7, 5.6.6). False: all
   * together, once the last of them is verified.
   */
  readonly keepsEachStep: boolean;
  read(): Promise<Stored>;
  /** Its bytes, or null if this version is not kept or is beyond the bound. */
  readRole(role: string, version: number, maxBytes?: number): Promise<Uint8Array | null>;
  /** For a delegated role of the committed snapshot. */
  writeRole(role: string, version: number, bytes: Uint8Array): Promise<void>;
  /** Makes `trusted` what is stored, in one step that a crash can't halve. @param before what was stored */
  commit(trusted: Trusted, before: Trusted): Promise<void>;
  readTarget(digest: string, length: number): Promise<Uint8Array | null>;
  writeTarget(digest: string, bytes: Uint8Array): Promise<void>;
}
