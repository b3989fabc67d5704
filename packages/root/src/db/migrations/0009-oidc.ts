import type { Kysely } from 'kysely';

/** Sign-in by an OpenID Connect issuer, and the groups that it names (docs/spec/people.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);
  await table('oidc')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('issuer', 'text', (c) => c.notNull())
    .addColumn('client_id', 'text', (c) => c.notNull())
    .addColumn('client_secret', 'text')
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('groups_claim', 'text', (c) => c.notNull())
    .addColumn('name_claim', 'text', (c) => c.notNull())
    .addColumn('public_url', 'text')
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('set_ms', 'bigint', (c) => c.notNull())
    .execute();
  await table('oidc_used')
    .addColumn('sign_in', 'text', (c) => c.primaryKey())
    .addColumn('until_ms', 'bigint', (c) => c.notNull())
    .execute();
  await table('oidc_devices')
    .addColumn('handle', 'text', (c) => c.primaryKey())
    .addColumn('device_code', 'text', (c) => c.notNull())
    .addColumn('device', 'text', (c) => c.notNull())
    .addColumn('interval_ms', 'bigint', (c) => c.notNull())
    .addColumn('next_ms', 'bigint', (c) => c.notNull())
    .addColumn('until_ms', 'bigint', (c) => c.notNull())
    .execute();
  const sessions = (column: string) => db.schema.alterTable('sessions').addColumn(column, 'text').execute();
  await sessions('groups');
  await sessions('person');
}
