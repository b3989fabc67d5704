import type { Kysely } from 'kysely';

/** What operators pinned on single hosts (docs/operate.md): component to who, when and why, JSON. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('hosts').addColumn('pinned', 'text').execute();
}
