import type { Kysely } from 'kysely';

/** Quarantines, the lifts that operators signed, and the operators of environments (docs/spec/direction.md, Quarantine). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('quarantines')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('release', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addColumn('lifted_ms', 'bigint')
    .execute();
  await db.schema
    .createTable('quarantine_lifts')
    .addColumn('quarantine', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('envelope', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('lifted_by', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('carried_number', 'bigint')
    .addColumn('done', 'integer', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('operators')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('envelope', 'text', (c) => c.notNull())
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('operators_key', ['environment', 'number'])
    .execute();
}
