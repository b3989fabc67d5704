import type { Kysely } from 'kysely';

/** Where figures of hosts come from (docs/spec/metrics.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('metric_sources')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('token', 'text')
    .addColumn('tenant', 'text')
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('set_ms', 'bigint', (c) => c.notNull())
    .execute();
}
