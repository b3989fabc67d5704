import { timeOf } from '@xylem/core';
import type { Status } from '../api/schemas/fleet.ts';
import { hostStates } from '../api/schemas/hosts.ts';
import type { Access } from '../auth/access.ts';
import { unsettledDeployments } from '../deployments/rows.ts';
import { fleetReader, showDeployment } from '../deployments/show.ts';
import { environmentsMatching, refOf } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import type { HostView } from '../hosts/view.ts';
import { viewsOf } from '../hosts/views.ts';
import type { Root } from '../root.ts';
import { expiringRoles } from './expiring.ts';

type StateCounts = Status['hosts'];
type ProductStatus = Status['environments'][number]['products'][number];

/** The fleet at a glance. */
export async function fleetStatus(root: Root, access: Access, environment?: string): Promise<Status> {
  const patterns = environment === undefined ? undefined : [environment];
  const rows = await environmentsMatching(root.db, patterns, root.config.tenant, access.within('read'));
  const hosts = await hostsIn(
    root.db,
    rows.map(({ id }) => id),
  );
  const views = await viewsOf(root, hosts);
  const fleetOf = fleetReader(root);
  const environments = [];
  for (const row of rows) {
    const own = views.filter((view) => view.host.environment === row.id);
    const unsettled = await unsettledDeployments(root.db, row.id);
    environments.push({
      environment: refOf(row),
      number: root.directing.state(row.id)?.number ?? 0,
      hosts: countStates(own),
      products: await productsOf(root, row.id, own),
      deployments: await Promise.all(
        unsettled.map((deployment) => showDeployment(root, deployment, fleetOf)),
      ),
    });
  }
  return {
    time: timeOf(root.clock.now()),
    restored: root.restored.isRestored(),
    hosts: countStates(views),
    cloned: views.filter(({ host }) => host.cloned !== null).length,
    expiring: await expiringRoles(root, rows, access.everywhere('read')),
    environments,
  };
}

function countStates(views: readonly HostView[]): StateCounts {
  const counts = Object.fromEntries(hostStates.map((state) => [state, 0])) as StateCounts;
  for (const { state } of views) counts[state] += 1;
  return counts;
}

/** Of each product what should run and what the hosts say that they run. */
async function productsOf(
  root: Root,
  environment: string,
  views: readonly HostView[],
): Promise<ProductStatus[]> {
  const wanted = await wantedVersions(root, environment);
  const running = new Map<string, { component: string; version: string; hosts: number }>();
  for (const { report, host } of views) {
    if (host.retired) continue;
    for (const { product, component, version } of report?.components ?? []) {
      const key = `${product} ${component} ${version}`;
      const entry = running.get(key) ?? { component, version, hosts: 0 };
      entry.hosts += 1;
      running.set(key, entry);
    }
  }
  const names = new Set([...wanted.keys(), ...[...running.keys()].map((key) => key.split(' ')[0] ?? '')]);
  return [...names].sort().map((product) => ({
    product,
    version: wanted.get(product) ?? null,
    running: [...running]
      .filter(([key]) => key.startsWith(`${product} `))
      .map(([, entry]) => entry)
      .sort((a, b) => (a.component + a.version < b.component + b.version ? -1 : 1)),
  }));
}

/** The release that each product is on its way to. */
export async function wantedVersions(
  root: Pick<Root, 'db'>,
  environment: string,
): Promise<Map<string, string>> {
  const versions = new Map<string, string>();
  const standings = await root.db
    .selectFrom('standings')
    .select(['product', 'version'])
    .where('environment', '=', environment)
    .execute();
  for (const { product, version } of standings) if (version !== null) versions.set(product, version);
  for (const row of await unsettledDeployments(root.db, environment)) {
    const { to } = JSON.parse(row.document) as { to: { version: string } | null };
    if (to === null) versions.delete(row.product);
    else versions.set(row.product, to.version);
  }
  return versions;
}
