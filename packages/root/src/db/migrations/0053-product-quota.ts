import type { Kysely } from 'kysely';

/** What a product may have at the root server; null: as much as there is room for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('products').addColumn('quota_bytes', 'bigint').execute();
}
