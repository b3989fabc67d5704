import type { Kysely } from 'kysely';

/** Files of the repository that nothing refers to any more and that are to go, so that a crash leaves none behind. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('store_removals')
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('store_removals_key', ['domain', 'kind', 'digest'])
    .execute();
}
