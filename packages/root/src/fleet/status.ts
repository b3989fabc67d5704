import { timeOf } from '@xylem/core';
import type { Status } from '../api/schemas/fleet.ts';
import { hostStates } from '../api/schemas/hosts.ts';
import type { Access } from '../auth/access.ts';
import { unsettledDeployments } from '../deployments/rows.ts';
import { fleetReader, showDeployment } from '../deployments/show.ts';
import { environmentsMatching, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { expiringRoles } from './expiring.ts';
import { clonedIn, noStates, stateCounts } from './state-counts.ts';
import { unheardIn } from './unheard.ts';

type ProductStatus = Status['environments'][number]['products'][number];

/** The fleet at a glance. */
export async function fleetStatus(root: Root, access: Access, environment?: string): Promise<Status> {
  const patterns = environment === undefined ? undefined : [environment];
  const rows = await environmentsMatching(root.db, patterns, root.config.tenant, access.within('read'));
  const fleetOf = fleetReader(root);
  const all = noStates();
  const environments = [];
  for (const row of rows) {
    const hosts = await stateCounts(root, row.id);
    for (const state of hostStates) all[state] += hosts[state];
    const unsettled = await unsettledDeployments(root.db, row.id);
    environments.push({
      environment: refOf(row),
      number: root.directing.state(row.id)?.number ?? 0,
      hosts,
      products: await productsOf(root, row.id),
      deployments: await Promise.all(
        unsettled.map((deployment) => showDeployment(root, deployment, fleetOf)),
      ),
    });
  }
  return {
    time: timeOf(root.clock.now()),
    restored: root.restored.isRestored(),
    hosts: all,
    cloned: await clonedIn(
      root,
      rows.map(({ id }) => id),
    ),
    unheard: all.silent === 0 ? [] : await unheardIn(root, rows),
    expiring: await expiringRoles(root, rows, access.everywhere('read')),
    environments,
  };
}

/** Of each product what should run and what the hosts say that they run. */
async function productsOf(root: Root, environment: string): Promise<ProductStatus[]> {
  const wanted = await wantedVersions(root, environment);
  const counts = await root.db
    .selectFrom('running_counts')
    .select(['product', 'component', 'version', 'hosts'])
    .where('environment', '=', environment)
    .execute();
  const running = Map.groupBy(counts, ({ product }) => product);
  return [...new Set([...wanted.keys(), ...running.keys()])].sort().map((product) => ({
    product,
    version: wanted.get(product) ?? null,
    running: (running.get(product) ?? [])
      .map(({ component, version, hosts }) => ({ component, version, hosts }))
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
