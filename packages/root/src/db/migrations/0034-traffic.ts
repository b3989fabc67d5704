import type { Kysely } from 'kysely';

/** To which of two groups of hosts each product's traffic goes (docs/traffic.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('traffic')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('serving', 'text', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('deployment', 'text')
    .addColumn('directed_number', 'bigint')
    .addPrimaryKeyConstraint('traffic_key', ['environment', 'product'])
    .execute();
}
