import type { Kysely } from 'kysely';

/** By what deployments were looked after once they had succeeded (docs/spec/deployments.md, The record of evidence). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('deployment_watches').addColumn('recorded', 'bigint').execute();
  await db.schema
    .createTable('watch_evidence')
    .addColumn('deployment', 'text', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('watch_evidence_key', ['deployment', 'number'])
    .execute();
  // What it says of one deployment is found without reading all of it.
  await db.schema.createIndex('audit_subject').on('audit').columns(['subject', 'sequence']).execute();
}
