import type { Kysely } from 'kysely';

/** Local returns that an operator undid from here (docs/spec/local.md, Local return). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('hosts')
    .addColumn('undone_returns', 'text', (c) => c.notNull().defaultTo('{}'))
    .execute();
}
