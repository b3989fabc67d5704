import type { DomainId, TransitionGraph, Version } from '@xylem/core';
import { productRoleName, readProductRules } from '@xylem/trust';
import type { Database } from '../db/tables.ts';
import type { HeardReport } from '../deployments/heard-report.ts';

/** What a product's publisher says of the ways between its releases; null: nothing. */
export async function graphOf(db: Database, product: string): Promise<TransitionGraph | null> {
  const row = await db
    .selectFrom('products')
    .select(['domain', 'repository'])
    .where('product', '=', product)
    .executeTakeFirst();
  if (row === undefined) return null;
  const role = await db
    .selectFrom('roles')
    .select('metadata')
    .where('repository', '=', row.repository)
    .where('role', '=', productRoleName(row.domain as DomainId))
    .executeTakeFirst();
  // Most say nothing, and this is asked for with each report.
  if (role === undefined || !role.metadata.includes('"transitions"')) return null;
  const { floor, transitions } = readProductRules(Buffer.from(role.metadata));
  if (transitions === undefined) return null;
  return { transitions, ...(floor === undefined ? {} : { floor }) };
}

/**
 * Which releases a host's components of a product were committed with, by its own report. An older agent says the
 * component's version alone, and goes by that too.
 */
export function installedOf(
  report: Pick<HeardReport, 'components'> | undefined,
  product: string,
): Map<string, Version> {
  const mine = (report?.components ?? []).filter((one) => one.product === product && one.state !== 'failed');
  return new Map(mine.map(({ component, release, version }) => [component, release ?? version]));
}
