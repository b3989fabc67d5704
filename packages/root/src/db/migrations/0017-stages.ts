import type { Kysely } from 'kysely';

/** A tenant's own order of stages (docs/stages.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('tenants').addColumn('stages', 'text').execute();
}
