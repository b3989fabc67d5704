import type { Kysely } from 'kysely';

/** What is asked of users' addresses, and what came of it (docs/verification.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('probe_addresses')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('url', 'text', (c) => c.notNull())
    .addColumn('anywhere', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('probe_addresses_key', ['environment', 'url'])
    .execute();
  await db.schema
    .createTable('probe_results')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('definition', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('probe_results_key', ['environment', 'name'])
    .execute();
  await db.schema
    .createTable('deployment_befores')
    .addColumn('deployment', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('probes', 'text', (c) => c.notNull())
    .addColumn('began_ms', 'bigint', (c) => c.notNull())
    .addColumn('window_ms', 'bigint', (c) => c.notNull())
    .addColumn('figures_before', 'text')
    .addColumn('figures_after', 'text')
    .addColumn('state', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('deployment_befores_open')
    .on('deployment_befores')
    .columns(['state'])
    .execute();
}
