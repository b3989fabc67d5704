import type { Kysely } from 'kysely';

/** Environments in which no deployment goes on, by a person's word (docs/operate.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('freezes')
    .addColumn('environment', 'text', (c) => c.primaryKey())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addColumn('until_ms', 'bigint')
    .execute();
}
