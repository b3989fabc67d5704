import { type Kysely, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/** By which whoever keeps what hosts say finds what is new without reading all (docs/spec/reports.md, What the root server keeps). */
export async function up(db: Kysely<unknown>, { kind }: ColumnTypes): Promise<void> {
  const reports = (column: string) =>
    db.schema
      .alterTable('reports')
      .addColumn(column, column === 'told' ? 'integer' : 'bigint', (c) => c.notNull().defaultTo(0))
      .execute();
  await reports('revision');
  await reports('told');
  await sql`update reports set told = 1 where document like '%"reverts":[%' or document like '%"observing":{%'
    or document like '%"adoptions":[%'`.execute(db);
  await sql`update reports set revision = n.revision from
    (select host, row_number() over (order by received_ms, host) as revision from reports) as n
    where n.host = reports.host`.execute(db);
  await db.schema.dropIndex('reports_environment').execute();
  await db.schema
    .createIndex('reports_revision')
    .on('reports')
    .columns(['environment', 'revision'])
    .execute();
  await db.schema
    .createTable('report_revisions')
    .addColumn('newest', 'bigint', (c) => c.notNull())
    .execute();
  await sql`insert into report_revisions (newest) select count(*) from reports`.execute(db);
  await db.schema
    .createTable('environment_changes')
    .addColumn('environment', 'text', (c) => c.primaryKey())
    .addColumn('hosts', 'bigint', (c) => c.notNull())
    .addColumn('gone', 'bigint', (c) => c.notNull())
    .execute();
  await (kind === 'sqlite' ? countInSqlite(db) : countInPostgres(db));
}

const columns = 'environment, name, labels, kept, pinned, retired, joined_ms, serve';
const bump = (environment: string, column: 'hosts' | 'gone'): string =>
  `insert into environment_changes (environment, hosts, gone)
   values (${environment}, ${column === 'hosts' ? '1, 0' : '0, 1'})
   on conflict (environment) do update set ${column} = environment_changes.${column} + 1;`;

async function countInSqlite(db: Kysely<unknown>): Promise<void> {
  const trigger = async (name: string, when: string, ...then: string[]): Promise<void> => {
    await sql.raw(`create trigger ${name} after ${when} begin ${then.join(' ')} end`).execute(db);
  };
  await trigger('hosts_come', 'insert on hosts', bump('new.environment', 'hosts'));
  await trigger('hosts_go', 'delete on hosts', bump('old.environment', 'hosts'));
  const change = `update of ${columns} on hosts`;
  await trigger('hosts_change', change, bump('new.environment', 'hosts'));
  const isElsewhere = 'when old.environment <> new.environment';
  await trigger(
    'hosts_leave',
    `update of environment on hosts ${isElsewhere}`,
    bump('old.environment', 'hosts'),
  );
  await trigger(
    'reports_leave',
    `update of environment on reports ${isElsewhere}`,
    bump('old.environment', 'gone'),
  );
  await trigger('reports_go', 'delete on reports', bump('old.environment', 'gone'));
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
  const left = (column: 'hosts' | 'gone'): string => `if tg_op = 'DELETE' or
    (tg_op = 'UPDATE' and old.environment <> new.environment) then ${bump('old.environment', column)} end if;`;
  const here = `if tg_op <> 'DELETE' then ${bump('new.environment', 'hosts')} end if;`;
  await trigger(
    'hosts_change',
    `insert or delete or update of ${columns} on hosts`,
    `${left('hosts')} ${here}`,
  );
  await trigger('reports_leave', 'delete or update of environment on reports', left('gone'));
}
