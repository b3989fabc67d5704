import { type HostMapEntry, noPackage } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { OperatorPins } from '../hosts/pins.ts';

/**
 * The components that a host map says an operator pinned. It says the same of what a host lacked when a deployment
 * passed it by: what a host is known not to have is no operator's pin.
 */
export async function foundPins(
  db: Database,
  host: string,
  entry: HostMapEntry | null,
): Promise<readonly string[]> {
  const pinned = Object.entries(entry?.pins ?? {}).flatMap(([component, digest]) =>
    digest === noPackage ? [component] : [],
  );
  if (pinned.length === 0) return [];
  const heard = await db.selectFrom('reports').select('host').where('host', '=', host).executeTakeFirst();
  if (heard === undefined) return pinned.sort();
  const rows = await db.selectFrom('host_components').select('component').where('host', '=', host).execute();
  const installed = new Set(rows.map(({ component }) => component));
  return pinned.filter((component) => installed.has(component)).sort();
}

/** What the backup says of them where it knows them. Pure. */
export function restoredPins(
  components: readonly string[],
  before: OperatorPins,
  nowMs: number,
): OperatorPins {
  const lost = {
    reason: 'It was pinned when the root server was restored; who did that, and why, is lost',
    by: 'restore',
    sinceMs: nowMs,
  };
  return Object.fromEntries(components.map((component) => [component, before[component] ?? lost]));
}
