import type { Where } from '../api/schemas/fleet.ts';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { environmentsMatching, refOf } from '../environments/names.ts';
import { productNamed } from '../publishing/products.ts';
import type { Root } from '../root.ts';
import { wantedVersions } from './status.ts';

const shownNames = 20;
/** So many versions are shown with names: each takes a look of its own. */
const mostNamed = 100;

type Counted = Awaited<ReturnType<typeof countsOf>>[number];

/** Which versions of a product run where, from what hosts report: it costs what there is to say, not how many hosts there are. */
export async function whereRuns(
  root: Pick<Root, 'db' | 'config'>,
  product: string,
  within: Within,
  environment?: string,
): Promise<Where> {
  await productNamed(root.db, product);
  const patterns = environment === undefined ? undefined : [environment];
  const rows = await environmentsMatching(root.db, patterns, root.config.tenant, within);
  const counted = Map.groupBy(await countsOf(root.db, product), (one) => one.environment);
  const environments = [];
  let named = 0;
  for (const row of rows) {
    const own = counted.get(row.id) ?? [];
    const wanted = (await wantedVersions(root, row.id)).get(product) ?? null;
    if (own.length === 0 && wanted === null) continue;
    const components = [];
    for (const [component, entries] of Map.groupBy(own, (one) => one.component)) {
      const versions = [];
      for (const one of entries) {
        const { version, hosts, healthy } = one;
        const names = named < mostNamed ? await namesOf(root.db, product, one) : [];
        named += 1;
        versions.push({ version, hosts, healthy, names });
      }
      components.push({ component, versions });
    }
    environments.push({ environment: refOf(row), wanted, components });
  }
  return { product, environments };
}

const countsOf = (db: Database, product: string) =>
  db
    .selectFrom('running_counts')
    .select(['environment', 'component', 'version', 'hosts', 'healthy'])
    .where('product', '=', product)
    .orderBy('component')
    .orderBy('version')
    .execute();

async function namesOf(
  db: Database,
  product: string,
  { environment, component, version }: Counted,
): Promise<string[]> {
  const rows = await db
    .selectFrom('host_components')
    .select('name')
    .where('environment', '=', environment)
    .where('product', '=', product)
    .where('component', '=', component)
    .where('version', '=', version)
    .where('retired', '=', 0)
    .orderBy('name')
    .limit(shownNames)
    .execute();
  return rows.map(({ name }) => name);
}
