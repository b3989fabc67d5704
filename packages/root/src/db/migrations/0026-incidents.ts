import type { Kysely } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/** Incidents and their evidence (docs/spec/incidents.md). */
export async function up(db: Kysely<unknown>, { sequence }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('incident_signs')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('host', 'text')
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addColumn('noted_ms', 'bigint', (c) => c.notNull())
    .addColumn('cleared_ms', 'bigint')
    .addColumn('incident', 'text')
    .addColumn('dirty', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('incident_signs_pk', ['environment', 'key', 'subject'])
    .execute();
  await db.schema
    .createTable('incidents')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('product', 'text')
    .addColumn('title', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('began_ms', 'bigint', (c) => c.notNull())
    .addColumn('detected_ms', 'bigint', (c) => c.notNull())
    .addColumn('holding', 'bigint', (c) => c.notNull())
    .addColumn('subjects', 'bigint', (c) => c.notNull())
    .addColumn('recovered_ms', 'bigint')
    .addColumn('closed_ms', 'bigint')
    .addColumn('closed_by', 'text')
    .addColumn('close_reason', 'text')
    .addColumn('reopened', 'bigint', (c) => c.notNull())
    .addColumn('told', 'bigint', (c) => c.notNull())
    .addColumn('told_ms', 'bigint', (c) => c.notNull())
    .addColumn('acknowledged_ms', 'bigint')
    .addColumn('acknowledged_by', 'text')
    .addColumn('assigned_to', 'text')
    .execute();
  await db.schema
    .createTable('incident_subjects')
    .addColumn('incident', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('host', 'text')
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addColumn('cleared_ms', 'bigint')
    .addPrimaryKeyConstraint('incident_subjects_pk', ['incident', 'subject'])
    .execute();
  await db.schema
    .createTable('incident_events')
    .addColumn('sequence', ...sequence)
    .addColumn('incident', 'text', (c) => c.notNull())
    .addColumn('time_ms', 'bigint', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('who', 'text')
    .addColumn('message', 'text', (c) => c.notNull())
    .execute();
  const index = (name: string, table: string, ...columns: string[]) =>
    db.schema.createIndex(name).on(table).columns(columns).execute();
  await index('incident_signs_host', 'incident_signs', 'host');
  await index('incident_signs_dirty', 'incident_signs', 'dirty');
  await index('incidents_of', 'incidents', 'environment', 'key', 'detected_ms');
  await index('incidents_state', 'incidents', 'state', 'environment');
  await index('incident_events_of', 'incident_events', 'incident', 'sequence');
  // Who has fallen silent is asked each minute: without it, by reading every report.
  await index('reports_received', 'reports', 'environment', 'received_ms');
}
