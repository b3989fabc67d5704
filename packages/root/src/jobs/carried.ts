import type { Digest, HostId, HostMapEntry, JobOrder } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { openStates } from './rows.ts';

/** What hosts of an environment are to run, the oldest order first. */
export async function jobOrders(
  db: Database,
  environment: string,
): Promise<ReadonlyMap<HostId, readonly JobOrder[]>> {
  const rows = await db
    .selectFrom('job_runs')
    .select(['id', 'host', 'component', 'job', 'package', 'stopped'])
    .where('environment', '=', environment)
    .where('state', 'in', openStates)
    .where('preflight_of', 'is', null)
    .orderBy('ordered_ms')
    .orderBy('id')
    .execute();
  const orders = new Map<HostId, JobOrder[]>();
  for (const { id, host, component, job, package: digest, stopped } of rows) {
    const own = orders.get(host as HostId) ?? [];
    const more = stopped === 1 ? { stopped: true } : {};
    orders.set(host as HostId, [...own, { id, component, job, package: digest as Digest, ...more }]);
  }
  return orders;
}

/** The entries of hosts with what they are to run. */
export function withJobs(
  entries: Map<HostId, HostMapEntry>,
  orders: ReadonlyMap<HostId, readonly JobOrder[]>,
): void {
  for (const [host, jobs] of orders) {
    const entry = entries.get(host);
    if (entry !== undefined && entry.retired !== true) entries.set(host, { ...entry, jobs });
  }
}
