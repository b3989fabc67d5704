import { type Release, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { ProductRow } from './products.ts';
import { packageOfDigest } from './stored-packages.ts';

/**
 * That the trees of a release's packages are here: `store gc` removes those whose releases were all retired, and their
 * packages stay known by name.
 * @throws XylemError E_OBJECT_MISSING
 */
export async function requireContents(
  db: Database,
  { product, domain }: Pick<ProductRow, 'product' | 'domain'>,
  { packages }: Pick<Release, 'packages'>,
): Promise<void> {
  for (const { component, version, package: digest } of packages) {
    const trees = (await packageOfDigest(db, product, digest))?.variants.map(({ tree }) => tree) ?? [];
    if (trees.length === 0) continue;
    const there = await db
      .selectFrom('trees')
      .select('tree')
      .where('domain', '=', domain)
      .where('tree', 'in', trees)
      .execute();
    const known = new Set<string>(there.map(({ tree }) => tree));
    if (trees.every((tree) => known.has(tree))) continue;
    throw new XylemError(
      'E_OBJECT_MISSING',
      `The content of ${component}@${version} is not here any more: all releases with it were retired, and \`xylem store gc\` removed it. Publish the package again from its source, unchanged.`,
      { details: { component, version } },
    );
  }
}
