import { configFor, parsePackage, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/**
 * Values for a component must fit the newest package of it: what no schema knows would stop the host only later.
 * @throws XylemError E_CONFIG_INVALID, E_NOT_FOUND (no such component is published)
 */
export async function refuseMisfit(
  db: Database,
  component: string,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const row = await db
    .selectFrom('packages')
    .select('document')
    .where('component', '=', component)
    .orderBy('created_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined)
    throw new XylemError('E_NOT_FOUND', `No package of a component ${component} is published.`);
  configFor(parsePackage(row.document), values);
}
