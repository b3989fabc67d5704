import { limits, type RepositoryId, XylemError } from '@xylem/core';
import { roleFile, rootFile, type StateStore } from './state-store.ts';
import { metaOf, type Trusted, withRole, withRoot, withSnapshot, withTimestamp } from './trusted.ts';

/** Expired state is loaded all the same: it freezes change, never what is. */
const anyAge = { nowMs: Number.NEGATIVE_INFINITY };

/**
 * Builds the trusted state from disk, verifying each file from the pinned root on as if it had been fetched, but for
 * expiry. Where a file is missing or damaged the rest from there on is left out: it will be fetched again.
 */
export async function loadStored(store: StateStore, pinned: Trusted, id: RepositoryId): Promise<Trusted> {
  const stored = await store.read();
  let trusted: Trusted = { ...pinned, floorMs: stored.floorMs };
  for (let version = 2; version <= stored.rootVersion; version += 1) {
    const bytes = await store.readFile(rootFile(version), limits.rootMetadata);
    const next = bytes === null ? null : verifiedOrNull(() => withRoot(trusted, bytes));
    if (next === null) return trusted;
    trusted = next;
  }
  const { timestamp, snapshotVersion } = stored;
  if (timestamp === null) return trusted;
  const withTime = verifiedOrNull(() => withTimestamp(trusted, timestamp, id));
  if (withTime === null) return trusted;
  trusted = withTime;
  const snapshot =
    snapshotVersion === null ? null : await store.readFile(roleFile('snapshot', snapshotVersion));
  const withSnap = snapshot === null ? null : verifiedOrNull(() => withSnapshot(trusted, snapshot));
  if (withSnap === null) return trusted;
  trusted = withSnap;
  const targets = await store.readFile(roleFile('targets', metaOf(trusted, 'targets').version));
  const withTargets =
    targets === null ? null : verifiedOrNull(() => withRole(trusted, 'targets', null, targets, anyAge));
  return withTargets ?? trusted;
}

function verifiedOrNull(step: () => Trusted): Trusted | null {
  try {
    return step();
  } catch (error) {
    if (error instanceof XylemError) return null;
    throw error;
  }
}
