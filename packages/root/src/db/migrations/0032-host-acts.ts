import type { Kysely } from 'kysely';

/** What people said of single hosts of a deployment: who is left out, and who tries again (docs/spec/deployments.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('deployment_hosts').addColumn('skipped', 'text').execute();
  await db.schema.alterTable('deployment_hosts').addColumn('retried', 'text').execute();
}
