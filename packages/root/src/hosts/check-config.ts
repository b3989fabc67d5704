import { configFor, parsePackage } from '@xylem/core';
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
  const rows = await db
    .selectFrom('packages')
    .select(['product', 'package'])
    .where('component', '=', component)
    .orderBy('created_ms', 'desc')
    .execute();
  const newest = rows.find(({ product }) => sees(product));
  if (newest === undefined) return;
  const row = await db
    .selectFrom('packages')
    .select('document')
    .where('package', '=', newest.package)
    .executeTakeFirst();
  if (row === undefined) return;
  configFor(parsePackage(row.document), values);
}
