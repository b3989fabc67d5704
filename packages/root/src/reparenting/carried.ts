import { type HostId, type HostMapEntry, hasNewParents, saidOrder } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { reparentedOf } from './rows.ts';

type Said = NonNullable<HostMapEntry['reparent']>;

/** What hosts of an environment are to test before they leave their former parents. */
export async function reparentOrders(db: Database, environment: string): Promise<ReadonlyMap<HostId, Said>> {
  const rows = await db
    .selectFrom('reparented_hosts as m')
    .innerJoin('reparentings as r', 'r.id', 'm.reparenting')
    .innerJoin('hosts as h', 'h.id', 'm.host')
    .selectAll('m')
    .select(['r.go_order', 'r.back_order'])
    .where('h.environment', '=', environment)
    .where('m.state', 'in', ['trying', 'unheard', 'returning'])
    .orderBy('r.asked_ms')
    .execute();
  const said = new Map<HostId, Said>();
  for (const row of rows) {
    const host = reparentedOf(row);
    const order = saidOrder(host, { order: row.go_order, backOrder: row.back_order });
    if (order === null) continue;
    said.set(host.host as HostId, { order, from: [...(hasNewParents(host) ? host.from : host.parents)] });
  }
  return said;
}

export function withReparent(entries: Map<HostId, HostMapEntry>, said: ReadonlyMap<HostId, Said>): void {
  for (const [host, reparent] of said) {
    const entry = entries.get(host);
    if (entry !== undefined && entry.retired !== true) entries.set(host, { ...entry, reparent });
  }
}
