import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail, HostWhy, Migrations } from '@xylem/root/contract';
import { postgres, run, startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

const environment = 'acme/production';
const example = join(import.meta.dirname, '..', '..', '..', 'docs', 'examples', 'postgres-migration');
const rows = 60_000;

test('a database is migrated by commands, under hosts that switch when they can, and brought back from its backup', {
  timeout: 230_000,
}, async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const url = await server.createDatabase('shop');
  const sql = async (text: string): Promise<string> =>
    (await run('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', text])).stdout.trim();
  await sql(`create table customers (id bigint primary key, full_name text);
    insert into customers select i, 'First' || i || ' Last' || i from generate_series(1, ${rows}) i`);
  const rowsNow = () => sql(`select md5(string_agg(md5(c::text), '' order by id)) from customers c`);

  const { at, xylem, json } = await operatorHere(t, 'migrate');
  await startRoot(xylem, at('root'), 'acme');
  const config = `{ databaseUrl: '${url}' }`;
  writeFileSync(
    at('production.yaml'),
    `environment: ${environment}\nproducts:\n  shop:\n    components:\n      shop-db: { where: all, config: ${config} }\n`,
  );
  await json(`env create ${environment} --file ${at('production.yaml')}`);
  for (const name of ['a', 'b']) await startNode(xylem, { name, environment, state: at(name) });

  const publish = async (version: string, lines: string): Promise<void> => {
    writeFileSync(at(`package-${version}/xylem.yaml`), lines);
    await json(`package publish ${at(`package-${version}`)}`);
    await json(`release create shop@${version} --with shop-db@${version}`);
  };
  mkdirSync(at('package-1.0.0'));
  writeFileSync(at('package-1.0.0/about.txt'), 'knows the full name alone');
  const schema =
    'configSchema: { type: object, required: [databaseUrl], properties: { databaseUrl: { type: string } } }\n';
  await publish(
    '1.0.0',
    `product: shop\ncomponent: shop-db\nversion: 1.0.0\nmigrations: { database: shop, accepts: { from: 0, to: 2 } }\n${schema}`,
  );
  cpSync(example, at('package-2.0.0'), { recursive: true });
  await json(`package publish ${at('package-2.0.0')}`);
  await json('release create shop@2.0.0 --with shop-db@2.0.0');

  const versionOf = async (host: string): Promise<string | null | undefined> =>
    (await json<HostDetail>(`host show ${host}`)).components.find((c) => c.component === 'shop-db')?.version;
  const runs = (host: string, version: string): Promise<unknown> =>
    waitUntil(async () => (await versionOf(host)) === version, 60_000, `${host} to run ${version}`);
  const waits = async (host: string, code: string): Promise<void> => {
    await waitUntil(
      async () => JSON.stringify(await json<HostWhy>(`host why ${host}`)).includes(code),
      30_000,
      `${host} to say ${code}`,
    );
  };
  const database = async (): Promise<Migrations['databases'][number]> => {
    const [shop] = (await json<Migrations>(`migrate status --in ${environment}`)).databases;
    assert.ok(shop);
    return shop;
  };
  const settled = (newest: number): Promise<unknown> =>
    waitUntil(
      async () => {
        const { last, newest: now } = await database();
        return last?.state === 'done' && now === newest;
      },
      60_000,
      `the database to be at ${newest}`,
    );

  await json(`deploy shop@1.0.0 --to ${environment} --strategy all-at-once --yes --watch --timeout 60`);
  const before = await rowsNow();
  await json(`deploy shop@2.0.0 --to ${environment} --strategy all-at-once --yes`);
  await waits('a', 'E_MIGRATION_PENDING');
  assert.equal(await versionOf('a'), '1.0.0');
  // One of them stays away, and still needs the old shape.
  await xylem.end('b', 'SIGTERM');

  await json(`migrate run shop --in ${environment} --phase expand --runner a`);
  await settled(1);
  await json(`migrate run shop --in ${environment} --phase backfill`);
  await waitUntil(
    async () => Number(await sql('select count(first_name) from customers')) > 0,
    30_000,
    'the backfill to be under way',
  );
  await xylem.end('a', 'SIGKILL');
  await xylem.start('a', ['agent', 'run', '--state', at('a')]);
  await settled(2);
  assert.equal(await sql('select count(*) from customers where first_name is null'), '0');
  await runs('a', '2.0.0');
  const backfilled = await rowsNow();

  await assert.rejects(
    json(`migrate run shop --in ${environment} --phase contract`),
    /E_MIGRATION_NEEDED.*\bb\b/s,
  );
  await xylem.start('b', ['agent', 'run', '--state', at('b')]);
  await runs('b', '2.0.0');
  await waitUntil(
    () =>
      json(`migrate run shop --in ${environment} --phase contract`).then(
        () => true,
        () => false,
      ),
    30_000,
    'nobody to need the old shape',
  );
  await waitUntil(
    async () => (await database()).last?.state === 'done' && (await database()).oldest === 3,
    60_000,
    'the contract to be done',
  );
  assert.equal(
    await sql(`select count(*) from information_schema.columns where column_name = 'full_name'`),
    '0',
  );

  await assert.rejects(json(`rollback shop --in ${environment} --yes`), /E_MIGRATION_CONTRACTED/);
  const [backup] = (await database()).backups;
  assert.ok(backup);
  await json(`migrate restore shop --in ${environment} --backup ${backup.term} --yes`);
  await settled(2);
  assert.equal(await rowsNow(), backfilled);
  await json(
    `rollback shop --in ${environment} --version 1.0.0 --strategy all-at-once --yes --watch --timeout 60`,
  );
  assert.deepEqual([await versionOf('a'), await versionOf('b')], ['1.0.0', '1.0.0']);
  for (const newest of [1, 0]) {
    await json(`migrate undo shop --in ${environment} --release shop@2.0.0`);
    await settled(newest);
  }
  assert.equal(await rowsNow(), before);
});
