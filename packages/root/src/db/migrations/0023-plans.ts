import type { Kysely } from 'kysely';

/** Plans and approvals (docs/spec/plans.md); which deployment began by which plan. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('plans')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_ms', 'bigint', (c) => c.notNull())
    .addColumn('ended_by', 'text')
    .addColumn('reason', 'text')
    .execute();
  await db.schema
    .createTable('plan_versions')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('found', 'text', (c) => c.notNull())
    .addColumn('made_by', 'text', (c) => c.notNull())
    .addColumn('origin', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('plan_versions_key', ['plan', 'number'])
    .execute();
  await db.schema
    .createTable('plan_environments')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('stage', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('plan_environments_key', ['plan', 'environment'])
    .execute();
  await db.schema
    .createIndex('plan_environments_by_environment')
    .on('plan_environments')
    .column('environment')
    .execute();
  await db.schema
    .createTable('plan_approvals')
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('origin', 'text', (c) => c.notNull())
    .addColumn('account', 'text', (c) => c.notNull())
    .addColumn('groups', 'text', (c) => c.notNull())
    .addColumn('said_by', 'text', (c) => c.notNull())
    .addColumn('reason', 'text')
    .addColumn('said_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('plan_approvals_key', ['plan', 'number', 'origin'])
    .execute();
  await db.schema.alterTable('deployments').addColumn('plan', 'text').execute();
  await db.schema.alterTable('deployments').addColumn('plan_digest', 'text').execute();
  await db.schema.createIndex('deployments_by_plan').on('deployments').column('plan').execute();
}
