import type { Kysely } from 'kysely';

/** When those who have not come to a deployment are told of, and whether they were. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('deployments').addColumn('deadline_ms', 'bigint').execute();
  await db.schema.alterTable('deployments').addColumn('deadline_told', 'bigint').execute();
  await db.schema.createIndex('deployments_by_deadline').on('deployments').column('deadline_ms').execute();
}
