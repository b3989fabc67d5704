import type { Kysely } from 'kysely';

/** Releases of channels that may not come to an environment yet (docs/stages.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('waiting_starts')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('waiting_starts_key', ['environment', 'product'])
    .execute();
}
