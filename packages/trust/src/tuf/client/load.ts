import { limits, type RepositoryId, XylemError } from '@xylem/core';
import type { MetadataStore } from './metadata-store.ts';
import {
  metaOf,
  recovered,
  type Trusted,
  withRole,
  withRoot,
  withStoredSnapshot,
  withTimestamp,
} from './trusted.ts';

/** Expired state is loaded all the same: it freezes change, never what is. */
const anyAge = { nowMs: Number.NEGATIVE_INFINITY };

/**
 * Builds the trusted state from disk, verifying each file from the pinned root on as if it had been fetched, but for
 * expiry. Where a file is missing or damaged the rest from there on is left out: it will be fetched again.
 */
export async function loadStored(store: MetadataStore, pinned: Trusted, id: RepositoryId): Promise<Trusted> {
  const stored = await store.read();
  let trusted: Trusted = { ...pinned, floorMs: stored.floorMs };
  for (;;) {
    const version = trusted.root.metadata.signed.version + 1;
    const bytes = await store.readRole('root', version, limits.rootMetadata);
    const next = bytes === null ? null : verifiedOrNull(() => withRoot(trusted, bytes));
    if (next === null) break;
    if (version <= stored.rootVersion) trusted = next;
    else {
      // Written, and then a crash before the rest: as if it had just been fetched (5.3.11 comes with it).
      const isKept = keysOf(next) === keysOf(trusted);
      trusted = recovered(next, trusted.root.metadata);
      if (!isKept) return trusted;
    }
  }
  const { timestamp, snapshotVersion } = stored;
  if (timestamp === null) return trusted;
  const withTime = verifiedOrNull(() => withTimestamp(trusted, timestamp, id));
  if (withTime === null) return trusted;
  trusted = withTime;
  const snapshot = snapshotVersion === null ? null : await store.readRole('snapshot', snapshotVersion);
  const withSnap = snapshot === null ? null : verifiedOrNull(() => withStoredSnapshot(trusted, snapshot));
  if (withSnap === null) return trusted;
  trusted = withSnap;
  const meta = verifiedOrNull(() => metaOf(trusted, 'targets'));
  const targets = meta === null ? null : await store.readRole('targets', meta.version);
  const withTargets =
    targets === null ? null : verifiedOrNull(() => withRole(trusted, 'targets', null, targets, anyAge));
  return withTargets ?? trusted;
}

function verifiedOrNull<T>(step: () => T): T | null {
  try {
    return step();
  } catch (error) {
    if (error instanceof XylemError) return null;
    throw error;
  }
}

function keysOf({ root }: Trusted): string {
  const { timestamp, snapshot } = root.metadata.signed.roles;
  return [timestamp, snapshot].map((role) => role?.keyIDs.toSorted().join()).join('/');
}
