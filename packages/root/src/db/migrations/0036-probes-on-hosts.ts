import type { Kysely } from 'kysely';

/** On which hosts probes passed when a deployment began (docs/verification.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('deployment_befores').addColumn('on_hosts', 'text').execute();
}
