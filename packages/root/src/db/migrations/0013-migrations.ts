import type { Kysely } from 'kysely';

/** Migrations of the databases that hosts share (docs/spec/migrations.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('migrated_databases')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('database', 'text', (c) => c.notNull())
    .addColumn('product', 'text')
    .addColumn('component', 'text')
    .addColumn('first', 'bigint', (c) => c.notNull())
    .addColumn('oldest', 'bigint', (c) => c.notNull())
    .addColumn('newest', 'bigint', (c) => c.notNull())
    .addColumn('term', 'bigint', (c) => c.notNull())
    .addColumn('last', 'text')
    .addColumn('updated_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('migrated_databases_key', ['environment', 'database'])
    .execute();
  await db.schema
    .createTable('migration_backups')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('database', 'text', (c) => c.notNull())
    .addColumn('term', 'bigint', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('size_bytes', 'bigint', (c) => c.notNull())
    .addColumn('made_ms', 'bigint', (c) => c.notNull())
    .addColumn('oldest', 'bigint', (c) => c.notNull())
    .addColumn('newest', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('migration_backups_key', ['environment', 'database', 'term'])
    .execute();
  await db.schema
    .createTable('migration_exclusions')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('database', 'text', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('to', 'bigint', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('excluded_by', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('migration_exclusions_key', ['environment', 'database', 'host', 'to'])
    .execute();
}
