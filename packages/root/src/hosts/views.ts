import type { Report } from '@xylem/core';
import { allEnvironments, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import type { HostRecord } from './host-rows.ts';
import { type Directed, type HostView, viewHost } from './view.ts';

/** Views of these hosts in their order. */
export async function viewsOf(root: Root, hosts: readonly HostRecord[]): Promise<HostView[]> {
  const environments = [...new Set(hosts.map((host) => host.environment))];
  const reports = await reportsIn(root, environments);
  const nowMs = root.clock.now();
  return hosts.map((host) => {
    return viewHost(host, reports.get(host.id) ?? null, directedTo(root, host), nowMs);
  });
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

/** The newest report of each host of these environments. */
async function reportsIn(
  root: Pick<Root, 'db'>,
  environments: readonly string[],
): Promise<Map<string, { report: Report; receivedMs: number }>> {
  if (environments.length === 0) return new Map();
  const rows = await root.db
    .selectFrom('reports')
    .select(['host', 'document', 'received_ms'])
    .where('environment', 'in', environments)
    .execute();
  // What is in the database was checked when it was taken.
  return new Map(
    rows.map((r) => [r.host, { report: JSON.parse(r.document) as Report, receivedMs: r.received_ms }]),
  );
}

/** Names of environments by id. */
export async function environmentRefs(
  root: Pick<Root, 'db'>,
): Promise<Map<string, { id: string; name: string }>> {
  return new Map((await allEnvironments(root.db)).map((row) => [row.id, refOf(row)]));
}
