import type { AfterLook, AfterSeen, AfterWatch } from '@xylem/core';
import type { Database } from '../db/tables.ts';

export interface FoundWatch {
  readonly state: AfterLook['kind'];
  readonly reason: string | null;
  readonly watch: AfterWatch;
  readonly seen: AfterSeen | null;
  /** How many records there are of it; null: none yet, or by an older root server. */
  readonly recorded: number | null;
}

/** How a deployment was looked after; null: not at all. */
export async function watchOf(db: Database, deployment: string): Promise<FoundWatch | null> {
  const row = await db
    .selectFrom('deployment_watches')
    .selectAll()
    .where('deployment', '=', deployment)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    state: row.state as AfterLook['kind'],
    recorded: row.recorded,
    reason: row.reason,
    watch: JSON.parse(row.document) as AfterWatch,
    seen: row.seen === null ? null : (JSON.parse(row.seen) as AfterSeen),
  };
}
