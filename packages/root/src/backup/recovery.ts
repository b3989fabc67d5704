import { type HostMapEntry, jcs } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { type FoundHost, type FoundIdentity, foundHosts } from './found.ts';

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
  readonly keys: readonly ChangedKey[];
}

export type ChangedKey = 'labels' | 'parents' | 'config' | 'serve' | 'retired';

export async function recoveryOf(db: Database): Promise<Recovery> {
  const known = new Map((await hostsIn(db)).map((host) => [host.id, host]));
  const joined: Recovery['joined'][number][] = [];
  const awaited: FoundHost[] = [];
  const changed: ChangedHost[] = [];
  for (const found of await foundHosts(db)) {
    const { entry, own } = found;
    const host = known.get(found.host);
    if (host !== undefined) {
      const keys = entry === null || host.environment !== found.environment ? [] : changedKeys(host, entry);
      if (entry !== null && keys.length > 0) changed.push({ host, entry, keys });
    } else if (own !== null) joined.push({ ...found, own });
    else if (entry?.retired !== true) awaited.push(found);
  }
  return { joined, awaited, changed };
}

function changedKeys(host: HostRecord, entry: HostMapEntry): ChangedKey[] {
  const after: Pick<HostRecord, ChangedKey> = {
    labels: entry.labels,
    parents: entry.parents ?? [],
    config: (entry.config ?? {}) as HostRecord['config'],
    serve: entry.serve === true,
    retired: entry.retired === true,
  };
  const keys = Object.keys(after) as ChangedKey[];
  return keys.filter((key) => jcs(host[key]) !== jcs(after[key]));
}
