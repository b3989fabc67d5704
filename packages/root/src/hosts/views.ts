import type { Report } from '@xylem/core';
import { inStatements } from '../db/statements.ts';
import { allEnvironments, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import type { HostRecord } from './host-rows.ts';
import { newestReport } from './kept-report.ts';
import { type Directed, type HostView, viewHost } from './view.ts';

type Sight = Pick<Root, 'db' | 'clock' | 'directing'>;

/** Views of these hosts in their order. */
export async function viewsOf(root: Sight, hosts: readonly HostRecord[]): Promise<HostView[]> {
  const views: HostView[] = [];
  for await (const some of viewParts(root, hosts)) views.push(...some);
  return views;
}

/** The same, some at a time: who counts a fleet holds never all that it said. */
export async function* viewParts(root: Sight, hosts: readonly HostRecord[]): AsyncGenerator<HostView[]> {
  const nowMs = root.clock.now();
  for (const some of inStatements(hosts)) {
    const reports = await reportsOf(root, some);
    yield some.map((host) => viewHost(host, reports.get(host.id) ?? null, directedTo(root, host), nowMs));
  }
}

/** Where nothing has been published yet (or again, after a restore) the host's own row stands for its entry. */
export function directedTo(root: Pick<Root, 'directing'>, host: HostRecord): Directed {
  const config = Object.fromEntries(
    Object.entries(host.config).map(([name, values]) => [name, { ...values }]),
  );
  const own = { name: host.name, labels: { ...host.labels }, config };
  const { directing } = root;
  return {
    state: directing.state(host.environment),
    entry: directing.entry(host.environment, host.id) ?? own,
  };
}

/** The newest report of each of these hosts, from one of their environments. */
async function reportsOf(
  { db }: Pick<Root, 'db'>,
  hosts: readonly HostRecord[],
): Promise<Map<string, { report: Report; receivedMs: number }>> {
  const environments = [...new Set(hosts.map(({ environment }) => environment))];
  const ids = hosts.map(({ id }) => id);
  const rows = await db
    .selectFrom('reports as r')
    .innerJoin('host_states as s', 's.host', 'r.host')
    .select(['r.host', 'r.document', 's.moving', 's.heard_ms'])
    .where('r.environment', 'in', environments)
    .where('r.host', 'in', ids)
    .execute();
  // What is in the database was checked when it was taken.
  return new Map(rows.map((row) => [row.host, { report: newestReport(row), receivedMs: row.heard_ms ?? 0 }]));
}

/** Names of environments by id. */
export async function environmentRefs(
  root: Pick<Root, 'db'>,
): Promise<Map<string, { id: string; name: string }>> {
  return new Map((await allEnvironments(root.db)).map((row) => [row.id, refOf(row)]));
}
