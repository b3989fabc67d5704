import type { Kysely } from 'kysely';

/** Which incidents were closed long ago is asked each hour. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('incidents_closed').on('incidents').columns(['closed_ms']).execute();
}
