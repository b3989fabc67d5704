import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/**
 * What reports say of a host's place in the tree, in columns of its own, and whose addresses parent rules have to look
 * at (docs/spec/reparenting.md, Addresses).
 */
export async function up(db: Kysely<unknown>, { kind }: ColumnTypes): Promise<void> {
  for (const column of ['parent_url', 'parent_host', 'serves_url', 'addresses'])
    await db.schema.alterTable('reports').addColumn(column, 'text').execute();
  const said = (...path: readonly string[]) =>
    sql.raw(
      kind === 'sqlite'
        ? `json_extract(document, '$.${path.join('.')}')`
        : `(document::json #>> '{${path.join(',')}}')`,
    );
  await sql`update reports set parent_url = rtrim(${said('parent', 'url')}, '/'), parent_host = ${said('parent', 'host')},
    serves_url = rtrim(${said('serves', 'url')}, '/')`.execute(db);
  await sql`create index reports_parent on reports (parent_url) where parent_url is not null`.execute(db);
  await sql`create index reports_serves on reports (serves_url) where serves_url is not null`.execute(db);
  await db.schema
    .alterTable('parent_rules')
    .addColumn('subnets', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute();
  await db.schema.alterTable('hosts').addColumn('rule_addresses', 'text').execute();
  await db.schema.alterTable('hosts').addColumn('rule_addresses_ms', 'bigint').execute();
  await db.schema
    .createTable('changed_addresses')
    .addColumn('host', 'text', (c) => c.primaryKey())
    .execute();
  await (kind === 'sqlite' ? noteInSqlite(db) : noteInPostgres(db));
}

const note = `insert into changed_addresses (host) select new.host where exists
  (select 1 from parent_rules where environment = new.environment and subnets <> '[]')
  on conflict (host) do nothing;`;
const isChanged = 'old.addresses is distinct from new.addresses';

async function noteInSqlite(db: Kysely<unknown>): Promise<void> {
  const trigger = (name: string, when: string) =>
    sql.raw(`create trigger ${name} after ${when} begin ${note} end`).execute(db);
  await trigger('addresses_come', 'insert on reports');
  await trigger('addresses_change', `update of addresses on reports when ${isChanged}`);
}

async function noteInPostgres(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create function xylem_addresses_change() returns trigger language plpgsql as $$
       begin ${note} return null; end $$`,
    )
    .execute(db);
  const trigger = (name: string, when: string) =>
    sql.raw(`create trigger ${name} after ${when} execute function xylem_addresses_change()`).execute(db);
  await trigger('addresses_come', 'insert on reports for each row');
  await trigger('addresses_change', `update of addresses on reports for each row when (${isChanged})`);
}
