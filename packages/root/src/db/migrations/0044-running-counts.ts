import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/**
 * What runs where, counted as it is written (docs/spec/reports.md, What the root server keeps). Triggers count, so that no
 * writer of hosts or of their components can forget to.
 */
export async function up(db: Kysely<unknown>, { kind }: ColumnTypes): Promise<void> {
  const column = (name: string, type: 'text' | 'integer', value: string | number) =>
    db.schema
      .alterTable('host_components')
      .addColumn(name, type, (c) => c.notNull().defaultTo(value))
      .execute();
  await column('name', 'text', '');
  // As is who is not registered: a host that joined after the backup of a restored root server.
  await column('retired', 'integer', 1);
  await sql`update host_components set name = h.name, retired = h.retired from hosts as h
    where h.id = host_components.host`.execute(db);
  await db.schema.dropIndex('host_components_census').execute();
  await db.schema
    .createIndex('host_components_running')
    .on('host_components')
    .columns(['environment', 'product', 'component', 'version', 'retired', 'name'])
    .execute();
  await db.schema
    .createTable('running_counts')
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('component', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('hosts', 'bigint', (c) => c.notNull())
    .addColumn('healthy', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('running_counts_key', ['product', 'environment', 'component', 'version'])
    .execute();
  await sql`insert into running_counts (environment, product, component, version, hosts, healthy)
    select environment, product, component, version, count(*), sum(case when healthy = 0 then 0 else 1 end)
    from host_components where retired = 0 group by environment, product, component, version`.execute(db);
  await (kind === 'sqlite' ? countInSqlite(db) : countInPostgres(db));
}

const isHealthy = (row: string): string => `case when ${row}.healthy = 0 then 0 else 1 end`;
const isCountOf = (row: string): string =>
  ['product', 'environment', 'component', 'version'].map((key) => `${key} = ${row}.${key}`).join(' and ');
const add = (row: string): string =>
  `insert into running_counts (environment, product, component, version, hosts, healthy)
   values (${row}.environment, ${row}.product, ${row}.component, ${row}.version, 1, ${isHealthy(row)})
   on conflict (product, environment, component, version) do update
   set hosts = running_counts.hosts + 1, healthy = running_counts.healthy + excluded.healthy;`;
const take = (row: string): string =>
  `update running_counts set hosts = hosts - 1, healthy = healthy - ${isHealthy(row)} where ${isCountOf(row)};
   delete from running_counts where ${isCountOf(row)} and hosts = 0;`;
const tellComponents =
  'update host_components set name = new.name, retired = new.retired where host = new.id;';

async function countInSqlite(db: Kysely<unknown>): Promise<void> {
  const trigger = async (name: string, when: string, ...then: string[]): Promise<void> => {
    await sql.raw(`create trigger ${name} after ${when} begin ${then.join(' ')} end`).execute(db);
  };
  await trigger('running_comes', 'insert on host_components when new.retired = 0', add('new'));
  await trigger('running_goes', 'delete on host_components when old.retired = 0', take('old'));
  await trigger('running_leaves', 'update on host_components when old.retired = 0', take('old'));
  await trigger('running_returns', 'update on host_components when new.retired = 0', add('new'));
  await trigger('components_told', 'update of name, retired on hosts', tellComponents);
  await trigger('components_found', 'insert on hosts', tellComponents);
}

async function countInPostgres(db: Kysely<unknown>): Promise<void> {
  const trigger = async (name: string, when: string, then: string): Promise<void> => {
    await sql
      .raw(
        `create function xylem_${name}() returns trigger language plpgsql as $$ begin ${then} return null; end $$`,
      )
      .execute(db);
    await sql
      .raw(`create trigger ${name} after ${when} for each row execute function xylem_${name}()`)
      .execute(db);
  };
  const old = `if tg_op <> 'INSERT' then if old.retired = 0 then ${take('old')} end if; end if;`;
  const now = `if tg_op <> 'DELETE' then if new.retired = 0 then ${add('new')} end if; end if;`;
  await trigger('running_counted', 'insert or delete or update on host_components', `${old} ${now}`);
  // Whoever takes reports holds it (`countingLock`): none of the host is on its way into the table.
  const lock = `insert into settings (key, value) values ('lock/running-counts', '')
    on conflict (key) do update set value = '';`;
  await trigger('components_told', 'insert or update of name, retired on hosts', `${lock} ${tellComponents}`);
}
