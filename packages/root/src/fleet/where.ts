import type { Where } from '../api/schemas/fleet.ts';
import type { Within } from '../auth/access.ts';
import { environmentsMatching, refOf } from '../environments/names.ts';
import { productNamed } from '../publishing/products.ts';
import type { Root } from '../root.ts';
import { wantedVersions } from './status.ts';

const shownNames = 20;

/** Which versions of a product run where, from what hosts report. */
export async function whereRuns(
  root: Root,
  product: string,
  within: Within,
  environment?: string,
): Promise<Where> {
  await productNamed(root.db, product);
  const patterns = environment === undefined ? undefined : [environment];
  const rows = await environmentsMatching(root.db, patterns, root.config.tenant, within);
  const found = await root.db
    .selectFrom('host_components as c')
    .innerJoin('hosts as h', 'h.id', 'c.host')
    .select(['c.environment', 'c.component', 'c.version', 'c.healthy', 'h.name'])
    .where('c.product', '=', product)
    .where('h.retired', '=', 0)
    .orderBy('c.component')
    .orderBy('c.version')
    .orderBy('h.name')
    .execute();
  const environments = [];
  for (const row of rows) {
    const own = found.filter((entry) => entry.environment === row.id);
    const wanted = (await wantedVersions(root, row.id)).get(product) ?? null;
    if (own.length === 0 && wanted === null) continue;
    const components = [...Map.groupBy(own, ({ component }) => component)].map(([component, entries]) => ({
      component,
      versions: [...Map.groupBy(entries, ({ version }) => version)].map(([version, hosts]) => ({
        version,
        hosts: hosts.length,
        healthy: hosts.filter(({ healthy }) => healthy !== 0).length,
        names: hosts.slice(0, shownNames).map(({ name }) => name),
      })),
    }));
    environments.push({ environment: refOf(row), wanted, components });
  }
  return { product, environments };
}
