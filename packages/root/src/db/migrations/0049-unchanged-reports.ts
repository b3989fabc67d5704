import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/**
 * What each report says anew lies beside when it was heard, and the rest with its digest where it is written once
 * (docs/spec/reports.md, A report that says the same).
 */
export async function up(db: Kysely<unknown>, { kind }: ColumnTypes): Promise<void> {
  await db.schema.alterTable('host_states').addColumn('revision', 'bigint').execute();
  await db.schema.alterTable('host_states').addColumn('moving', 'text').execute();
  await sql`update host_states set revision = r.revision from reports as r where r.host = host_states.host`.execute(
    db,
  );
  await db.schema
    .createIndex('host_states_revision')
    .on('host_states')
    .columns(['reported_in', 'revision'])
    .execute();
  await db.schema
    .alterTable('reports')
    .addColumn('digest', 'text', (c) => c.notNull().defaultTo(''))
    .execute();
  for (const index of ['reports_revision', 'reports_received']) await db.schema.dropIndex(index).execute();
  for (const column of ['sequence', 'received_ms', 'revision'])
    await db.schema.alterTable('reports').dropColumn(column).execute();
  await db.schema.createIndex('reports_environment').on('reports').column('environment').execute();
  if (kind === 'postgres') await countInPostgres(db);
}

/** As SQLite's: a report that says the same calls none. */
async function countInPostgres(db: Kysely<unknown>): Promise<void> {
  await sql`drop trigger state_counted on host_states`.execute(db);
  await sql`create trigger state_counted
    after insert or delete or update of environment, retired, revoked, reported_in, says on host_states
    for each row execute function xylem_state_counted()`.execute(db);
}
