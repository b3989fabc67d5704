import type { Kysely } from 'kysely';

/** Subscriptions of the stakeholders whom a plan names. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('subscriptions').addColumn('plan', 'text').execute();
}
