import type { Kysely } from 'kysely';

/** Releases that somebody took back everywhere, and how far that is (docs/recall.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('recalls')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('release', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('recalled_by', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addColumn('done_ms', 'bigint')
    .addColumn('ended_ms', 'bigint')
    .addColumn('ended_by', 'text')
    .addColumn('end_reason', 'text')
    .execute();
  await db.schema.createIndex('recalls_release').on('recalls').column('release').execute();
  await db.schema
    .createTable('recall_environments')
    .addColumn('recall', 'text', (c) => c.notNull())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('deployment', 'text')
    .addColumn('version', 'text')
    .addColumn('quarantine', 'text')
    .addColumn('code', 'text')
    .addColumn('message', 'text')
    .addColumn('updated_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('recall_environments_pk', ['recall', 'environment'])
    .execute();
}
