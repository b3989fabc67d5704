import type { EnvironmentSpec } from '@xylem/core';
import { yamlFault } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { newestTarget } from '../deployments/target.ts';

/**
 * What the YAML names must be there before it is saved: a deployment could not begin with it.
 * @throws XylemError E_INPUT at the place of a release that is unknown, or withdrawn or retired and not there yet
 */
export async function refuseUnknownReleases(
  db: Database,
  environment: string,
  name: string,
  yaml: string,
  { products }: EnvironmentSpec,
): Promise<void> {
  for (const [product, { release: version }] of Object.entries(products)) {
    if (version === undefined) continue;
    const row = await db
      .selectFrom('releases')
      .select(['withdrawn', 'retired'])
      .where('product', '=', product)
      .where('version', '=', version)
      .executeTakeFirst();
    const at = ['products', product, 'release'];
    if (row === undefined) throw yamlFault(yaml, name, at, `there is no release ${product}@${version}`);
    if (row.withdrawn === 0 && row.retired === 0) continue;
    const target = await newestTarget(db, environment, product);
    if (target?.version !== version) {
      const done = row.retired === 1 ? 'retired' : 'withdrawn';
      throw yamlFault(yaml, name, at, `${product}@${version} was ${done} by its publisher`);
    }
  }
}
