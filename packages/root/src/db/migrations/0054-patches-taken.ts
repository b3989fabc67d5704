import type { Kysely } from 'kysely';

/** How many hosts said that they came by a patch, and how many bytes of objects came to them for it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['taken', 'taken_bytes'])
    await db.schema
      .alterTable('patches')
      .addColumn(column, 'bigint', (c) => c.notNull().defaultTo(0))
      .execute();
}
