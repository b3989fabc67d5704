import {
  type Coming,
  compareVersions,
  type Digest,
  type EnvironmentSpec,
  type KnownRelease,
  type Version,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { storedRelease } from '../publishing/parsed.ts';
import { placedReleases } from './placed.ts';

const mostReleases = 20;

/** Releases of a product that could come to an environment: finished ones before prereleases, the newest first. */
export async function releaseOptions(
  trx: Database,
  environment: string,
  spec: EnvironmentSpec,
  product: string,
): Promise<Coming[]> {
  const quarantined = trx
    .selectFrom('quarantines')
    .select('release')
    .where('environment', '=', environment)
    .where('lifted_ms', 'is', null);
  const rows = await trx
    .selectFrom('releases')
    .select(['version', 'release', 'document'])
    .where('product', '=', product)
    .where('withdrawn', '=', 0)
    .where('retired', '=', 0)
    .where('release', 'not in', quarantined)
    .execute();
  const isFinished = (version: string): number => (version.includes('-') ? 0 : 1);
  const chosen = rows
    .toSorted(
      (a, b) =>
        isFinished(b.version) - isFinished(a.version) ||
        compareVersions(b.version as Version, a.version as Version),
    )
    .slice(0, mostReleases)
    .map((row): KnownRelease => ({ digest: row.release as Digest, release: storedRelease(row.document) }));
  const placed = await placedReleases(trx, spec, chosen);
  return chosen.map(({ release: { version } }) => ({
    product,
    release: version,
    components: placed.filter((one) => one.release === version),
  }));
}

/** Products that have ever had a package of this component. */
export async function productsWith(trx: Database, component: string): Promise<string[]> {
  const rows = await trx
    .selectFrom('packages')
    .select('product')
    .distinct()
    .where('component', '=', component)
    .orderBy('product')
    .execute();
  return rows.map(({ product }) => product);
}
