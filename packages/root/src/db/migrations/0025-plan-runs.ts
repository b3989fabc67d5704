import type { Kysely } from 'kysely';

/** Plans that run through several stages, wait, are paused and taken back (docs/spec/plans.md, Running). */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [column, type] of [
    ['started_by', 'text'],
    ['started_why', 'text'],
    ['started_account', 'text'],
    ['started_groups', 'text'],
    ['confirmed', 'bigint'],
  ] as const)
    await db.schema.alterTable('plans').addColumn(column, type).execute();
  for (const column of ['waits_code', 'waits', 'back', 'back_by', 'back_why', 'back_deployment', 'back_kept'])
    await db.schema.alterTable('plan_environments').addColumn(column, 'text').execute();
  await db.schema.createIndex('plans_by_state').on('plans').column('state').execute();
}
