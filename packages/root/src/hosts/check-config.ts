import { configFor, type PackageDocument, parsePackage } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/**
 * Values for a component must fit the newest package of it: what no schema knows would stop the host only later. For
 * a component of which nothing is published yet there is nothing to check by; the host checks in any case.
 * @throws XylemError E_CONFIG_INVALID
 */
export async function refuseMisfit(
  db: Database,
  component: string,
  values: Readonly<Record<string, unknown>>,
  sees: (product: string) => boolean,
): Promise<void> {
  const newest = await newestPackage(db, component, sees);
  if (newest !== undefined) configFor(newest, values);
}

/** The newest package of a component that whoever asks may see. */
export async function newestPackage(
  db: Database,
  component: string,
  sees: (product: string) => boolean,
): Promise<PackageDocument | undefined> {
  const rows = await db
    .selectFrom('packages')
    .select(['product', 'package'])
    .where('component', '=', component)
    .orderBy('created_ms', 'desc')
    .execute();
  const newest = rows.find(({ product }) => sees(product));
  if (newest === undefined) return undefined;
  const row = await db
    .selectFrom('packages')
    .select('document')
    .where('package', '=', newest.package)
    .executeTakeFirst();
  return row === undefined ? undefined : parsePackage(row.document);
}
