import { type HostMapEntry, jcs } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { type FoundHost, type FoundIdentity, foundHosts } from './found.ts';
import { foundPins } from './found-pins.ts';

/** What the tree says about hosts beside what the backup says. */
export interface Recovery {
  /** Joined after the backup, have reported since the restore, and are registered upon the confirmation. */
  readonly joined: readonly (FoundHost & { readonly own: FoundIdentity })[];
  /** Joined after the backup and silent: registered when they report. */
  readonly awaited: readonly FoundHost[];
  /** In the backup, and an operator changed them since. */
  readonly changed: readonly ChangedHost[];
}

export interface ChangedHost {
  readonly host: HostRecord;
  readonly entry: HostMapEntry;
  /** The components that an operator had pinned. */
  readonly pins: readonly string[];
  readonly keys: readonly ChangedKey[];
}

export type ChangedKey = 'labels' | 'parents' | 'config' | 'pins' | 'adopt' | 'undo' | 'serve' | 'retired';

export async function recoveryOf(db: Database): Promise<Recovery> {
  const known = new Map((await hostsIn(db)).map((host) => [host.id, host]));
  const joined: Recovery['joined'][number][] = [];
  const awaited: FoundHost[] = [];
  const changed: ChangedHost[] = [];
  for (const found of await foundHosts(db)) {
    const { entry, own } = found;
    const host = known.get(found.host);
    if (host !== undefined) {
      if (entry === null || host.environment !== found.environment) continue;
      const pins = await foundPins(db, host.id, entry);
      const keys = changedKeys(host, entry, pins);
      if (keys.length > 0) changed.push({ host, entry, pins, keys });
    } else if (own !== null) joined.push({ ...found, own });
    else if (entry?.retired !== true) awaited.push(found);
  }
  return { joined, awaited, changed };
}

function changedKeys(host: HostRecord, entry: HostMapEntry, pins: readonly string[]): ChangedKey[] {
  const before: Record<ChangedKey, unknown> = { ...host, pins: Object.keys(host.pinned).sort() };
  const after: Record<ChangedKey, unknown> = {
    labels: entry.labels,
    parents: entry.parents ?? [],
    config: entry.config ?? {},
    pins,
    adopt: entry.adopt ?? {},
    undo: entry.undo ?? {},
    serve: entry.serve === true,
    retired: entry.retired === true,
  };
  const keys = Object.keys(after) as ChangedKey[];
  return keys.filter((key) => jcs(before[key]) !== jcs(after[key]));
}
