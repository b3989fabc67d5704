import type { Kysely } from 'kysely';

/** Which patches are worth making, are made, or were not worth it (docs/spec/patches.md, Which patches are made). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('patches')
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('from_tree', 'text', (c) => c.notNull())
    .addColumn('to_tree', 'text', (c) => c.notNull())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('component', 'text', (c) => c.notNull())
    .addColumn('from_version', 'text', (c) => c.notNull())
    .addColumn('to_version', 'text', (c) => c.notNull())
    .addColumn('hosts', 'bigint', (c) => c.notNull())
    .addColumn('gone_over', 'bigint', (c) => c.notNull())
    .addColumn('chunk_bytes', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('patch', 'text')
    .addColumn('size_bytes', 'bigint')
    .addColumn('made_bytes', 'bigint')
    .addColumn('cpu_ms', 'bigint')
    .addColumn('peak_rss_mb', 'bigint')
    .addColumn('attempts', 'bigint', (c) => c.notNull())
    .addColumn('due_ms', 'bigint', (c) => c.notNull())
    .addColumn('fault', 'text')
    .addColumn('wanted_ms', 'bigint', (c) => c.notNull())
    .addColumn('unwanted_ms', 'bigint')
    .addColumn('made_ms', 'bigint')
    .addPrimaryKeyConstraint('patches_key', ['domain', 'to_tree', 'from_tree'])
    .execute();
}
