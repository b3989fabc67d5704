import type { Kysely } from 'kysely';

/** Who is asked about change tickets, and what they said last (docs/spec/plans.md, Change tickets). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('change_source')
    .addColumn('id', 'bigint', (c) => c.primaryKey())
    .addColumn('url', 'text', (c) => c.notNull())
    .addColumn('secret', 'text', (c) => c.notNull())
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('set_ms', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('change_answers')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('change', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('asked_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('change_answers_key', ['environment', 'product', 'version', 'change'])
    .execute();
}
