import type { Kysely } from 'kysely';

/** People of an issuer who are shut out here, whatever the issuer says (docs/spec/people.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('oidc_shut_out')
    .addColumn('account', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text')
    .addColumn('shut_by', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .execute();
}
