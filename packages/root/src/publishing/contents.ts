import { type Release, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { storedPackage } from './parsed.ts';

/**
 * That the trees of a release's packages are here: `store gc` removes those whose releases were all retired, and their
 * packages stay known by name.
 * @throws XylemError E_OBJECT_MISSING
 */
export async function requireContents(
  db: Database,
  product: string,
  { packages }: Pick<Release, 'packages'>,
): Promise<void> {
  for (const { component, version, package: digest } of packages) {
    const row = await db
      .selectFrom('packages')
      .select('document')
      .where('product', '=', product)
      .where('package', '=', digest)
      .executeTakeFirst();
    const trees = row === undefined ? [] : storedPackage(row.document).variants.map(({ tree }) => tree);
    const there = await db.selectFrom('trees').select('tree').where('tree', 'in', trees).execute();
    const known = new Set<string>(there.map(({ tree }) => tree));
    if (trees.every((tree) => known.has(tree))) continue;
    throw new XylemError(
      'E_OBJECT_MISSING',
      `The content of ${component}@${version} is not here any more: all releases with it were retired, and \`xylem store gc\` removed it. Publish the package again from its source, unchanged.`,
      { details: { component, version } },
    );
  }
}
