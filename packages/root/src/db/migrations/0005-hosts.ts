import { type Kysely, sql } from 'kysely';

/** Revocation, copies, successors, keys and moves of hosts (docs/spec/identity.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);
  const hosts = (column: string, type: 'text' | 'bigint') =>
    db.schema.alterTable('hosts').addColumn(column, type).execute();
  await hosts('revoked_ms', 'bigint');
  await hosts('revoked_reason', 'text');
  await hosts('cloned', 'text');
  await hosts('replaces', 'text');
  await hosts('replaced_by', 'text');
  await hosts('moving_from', 'text');
  await db.schema.alterTable('tokens').addColumn('replaces', 'text').execute();
  await table('certificate_scopes')
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('until_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('certificate_scopes_key', ['host', 'environment'])
    .execute();
  await sql`insert into certificate_scopes (host, environment, until_ms)
    select id, environment, certificate_expires_ms from hosts`.execute(db);
  // What earlier certificates of relays named is not known: everywhere, until they have ended.
  await sql`insert into certificate_scopes (host, environment, until_ms)
    select id, '*', certificate_expires_ms from hosts where serve = 1 or serves <> '[]'`.execute(db);
  await table('host_boots')
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('incarnation', 'text', (c) => c.notNull())
    .addColumn('boot', 'text', (c) => c.notNull())
    .addColumn('first_sequence', 'bigint', (c) => c.notNull())
    .addColumn('first_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('host_boots_key', ['host', 'incarnation', 'boot'])
    .execute();
  await table('host_keys')
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('request', 'text', (c) => c.notNull())
    .addColumn('since_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('host_keys_key', ['host', 'number'])
    .execute();
}
