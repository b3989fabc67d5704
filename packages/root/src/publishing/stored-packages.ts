import type { PackageDocument } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { storedPackage } from './parsed.ts';

/** Null: no such version of the component is published. */
export async function packageOfVersion(
  db: Database,
  product: string,
  component: string,
  version: string,
): Promise<PackageDocument | null> {
  const row = await db
    .selectFrom('packages')
    .select('document')
    .where('product', '=', product)
    .where('component', '=', component)
    .where('version', '=', version)
    .executeTakeFirst();
  return row === undefined ? null : storedPackage(row.document);
}

/** Null: no package of the product has this digest. */
export async function packageOfDigest(
  db: Database,
  product: string,
  digest: string,
): Promise<PackageDocument | null> {
  const row = await db
    .selectFrom('packages')
    .select('document')
    .where('product', '=', product)
    .where('package', '=', digest)
    .executeTakeFirst();
  return row === undefined ? null : storedPackage(row.document);
}
