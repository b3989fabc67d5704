import type { AfterLook, AfterSeen, AfterWatch } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** How a deployment was looked after; null: not at all. */
export async function watchOf(db: Database, deployment: string) {
  const row = await db
    .selectFrom('deployment_watches')
    .selectAll()
    .where('deployment', '=', deployment)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    state: row.state as 'watching' | 'superseded' | Exclude<AfterLook['kind'], 'watching'>,
    reason: row.reason,
    watch: JSON.parse(row.document) as AfterWatch,
    seen: row.seen === null ? null : (JSON.parse(row.seen) as AfterSeen),
  };
}
