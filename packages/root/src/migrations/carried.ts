import type { DesiredState, HostId, HostMapEntry, MigrationOrder } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { migratedIn } from './rows.ts';

/** What direction says of migrations: the shapes of databases, and what runners are to do. */
export async function migrationWords(
  db: Database,
  environment: string,
): Promise<{
  readonly words: Pick<DesiredState, 'schemas'>;
  readonly orders: ReadonlyMap<HostId, readonly MigrationOrder[]>;
}> {
  const rows = await migratedIn(db, environment);
  if (rows.length === 0) return { words: {}, orders: new Map() };
  const orders = new Map<HostId, MigrationOrder[]>();
  for (const { last } of rows) {
    if (last?.state !== 'running') continue;
    const host = last.host as HostId;
    orders.set(host, [...(orders.get(host) ?? []), last.order]);
  }
  const schemas = Object.fromEntries(rows.map(({ database, shapes }) => [database, shapes]));
  return { words: { schemas }, orders };
}

/** The entries of runners with what they are to do. */
export function withOrders(
  entries: Map<HostId, HostMapEntry>,
  orders: ReadonlyMap<HostId, readonly MigrationOrder[]>,
): void {
  for (const [host, migrate] of orders) {
    const entry = entries.get(host);
    if (entry !== undefined && entry.retired !== true) entries.set(host, { ...entry, migrate });
  }
}
