import type { IncidentKind, OpenIncident } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** What stands open in an environment, the oldest first. */
export async function openIncidents(db: Database, environment: string): Promise<OpenIncident[]> {
  const rows = await db
    .selectFrom('incidents')
    .select(['id', 'kind', 'product', 'title', 'acknowledged_ms'])
    .where('state', '=', 'open')
    .where('environment', '=', environment)
    .orderBy('detected_ms')
    .orderBy('id')
    .execute();
  return rows.map(({ acknowledged_ms: acknowledged, kind, ...row }) => ({
    ...row,
    kind: kind as IncidentKind,
    isAcknowledged: acknowledged !== null,
  }));
}
