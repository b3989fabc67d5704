import type { Kysely } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/** What canaries mark on hosts, the way back that a failed one still owes, and the record of what was decided by which evidence (docs/spec/deployments.md). */
export async function up(db: Kysely<unknown>, _types: ColumnTypes): Promise<void> {
  for (const column of ['done_ms', 'failed_ms'])
    await db.schema.alterTable('deployment_hosts').addColumn(column, 'bigint').execute();
  await db.schema.alterTable('deployment_hosts').addColumn('watched', 'text').execute();
  await db.schema.alterTable('deployments').addColumn('undo_due', 'integer').execute();
  await db.schema
    .createTable('deployment_evidence')
    .addColumn('deployment', 'text', (c) => c.notNull().references('deployments.id'))
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('deployment_evidence_key', ['deployment', 'number'])
    .execute();
}
