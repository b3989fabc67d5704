import { type Laggard, laggardOf, timeOf } from '@xylem/core';
import type { Laggards } from '../api/schemas/laggards.ts';
import type { Database } from '../db/tables.ts';
import { judge, readFleet } from './judge.ts';
import type { DeploymentRow } from './rows.ts';

/** Of hosts beyond these the counts tell. */
const mostNamed = 1_000;

/**
 * Who has not come to what a deployment brings, and why, from what is known now: counted by the value of a label and by
 * reason, and named.
 */
export async function laggardsOf(
  db: Database,
  row: DeploymentRow,
  by: string,
  nowMs: number,
): Promise<Laggards> {
  const fleet = await readFleet(db, row.environment, nowMs);
  const { deployment, evidence, policy } = await judge(db, row, fleet, nowMs);
  const known = new Map(fleet.hosts.map((host) => [host.id, host]));
  const found: Laggards['hosts'] = [];
  for (const host of evidence) {
    const record = known.get(host.id);
    const waiting = fleet.heard.reports.get(host.id)?.report.waiting ?? [];
    const laggard: Laggard | null = laggardOf(deployment, host, waiting, nowMs, policy);
    if (laggard === null || record === undefined) continue;
    found.push({
      id: host.id,
      name: record.name,
      value: Object.hasOwn(record.labels, by) ? (record.labels[by] ?? null) : null,
      ...laggard,
      lastSeen: host.lastSeen === null ? null : timeOf(host.lastSeen),
    });
  }
  found.sort((a, b) => compare(a.value, b.value) || compare(a.reason, b.reason) || compare(a.name, b.name));
  return { by, total: found.length, counts: countsOf(found), hosts: found.slice(0, mostNamed) };
}

function countsOf(found: Laggards['hosts']): Laggards['counts'] {
  const counts = new Map<string, Laggards['counts'][number]>();
  for (const { value, reason } of found) {
    const key = JSON.stringify([value, reason]);
    counts.set(key, { value, reason, hosts: (counts.get(key)?.hosts ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** Who has no value of the label comes last. */
function compare(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}
