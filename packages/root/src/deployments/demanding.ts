import type { Deployment, Digest, PackageDocument } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { storedPackage } from '../publishing/parsed.ts';

/** Packages of the deployment that not every host can install, for hosts that it leaves out; else none. */
export async function leavingOut(
  db: Database,
  { product, components, skipUnfit }: Deployment,
): Promise<ReadonlyMap<string, PackageDocument>> {
  if (skipUnfit !== true) return new Map();
  const wanted = Object.entries(components).flatMap(([component, { to }]): [string, Digest][] =>
    to === null ? [] : [[component, to]],
  );
  return await demandingPackages(db, product, new Map(wanted));
}

/**
 * The packages that not every host can install, by component: most have a variant for all, and nothing need be read for
 * them.
 * @param wanted by component
 */
export async function demandingPackages(
  db: Database,
  product: string,
  wanted: ReadonlyMap<string, Digest>,
): Promise<Map<string, PackageDocument>> {
  if (wanted.size === 0) return new Map();
  const rows = await db
    .selectFrom('packages')
    .select(['component', 'package', 'document'])
    .where('product', '=', product)
    .where('package', 'in', [...new Set(wanted.values())])
    .execute();
  const found = new Map<string, PackageDocument>();
  for (const row of rows) {
    if (wanted.get(row.component) !== row.package) continue;
    const document = storedPackage(row.document);
    const isForAll = document.variants.some(
      ({ os, arch, distribution }) => os === undefined && arch === undefined && distribution === undefined,
    );
    if (!isForAll) found.set(row.component, document);
  }
  return found;
}
