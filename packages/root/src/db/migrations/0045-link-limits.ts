import type { Kysely } from 'kysely';

/** What the links of hosts may carry (docs/spec/bandwidth.md, Limits). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('hosts')
    .addColumn('link_limits', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute();
}
