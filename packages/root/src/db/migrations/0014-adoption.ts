import type { Kysely } from 'kysely';

/** Orders to adopt components, or to give them back (docs/spec/adoption.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('hosts')
    .addColumn('adopt', 'text', (c) => c.notNull().defaultTo('{}'))
    .execute();
}
