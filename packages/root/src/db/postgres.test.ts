import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture, run } from '../testing/root-fixture.ts';
import { connectPostgres } from './postgres.ts';

test('a root server runs over PostgreSQL, from publishing to a deployment’s end', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const database = { kind: 'postgres' as const, url: await server.createDatabase('root') };
  const root = await rootFixture(t, { database });
  const { api } = root;
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await api('environmentCreate', { body: { name: 'production' } });
  const join1 = await api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, join1.token, { name: 'a' });
  const { deployments } = await api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['production'] },
  });
  const state = await host.desiredState(await tempFolder(t, 'tuf'));
  assert.equal(await host.report(state.assignments), 202);
  const id = deployments[0]?.id ?? '';
  await waitUntil(async () => (await api('deploymentShow', { params: { id } })).state === 'succeeded');
  assert.equal((await api('status')).hosts.ok, 1);
});

test('a second root server is kept off its database, through a crash of the database too', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const url = await server.createDatabase('claimed');
  const database = { kind: 'postgres' as const, url };
  const root = await rootFixture(t, { database });
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(root, token, { name: 'a' });
  await assert.rejects(rootFixture(t, { database }), { code: 'E_CONFLICT', message: /holds tables already/ });
  const copy = await copyOf(root.folder, t);
  await assert.rejects(run(copy), { code: 'E_STATE_LOCKED', message: /Another root server runs/ });

  await server.crash();
  await assert.rejects(root.api('status'), { code: 'E_STORAGE' });
  assert.ok((await host.desiredState(await tempFolder(t, 'tuf'))).number > 0, 'hosts are served meanwhile');
  await server.restart();
  await waitUntil(() => root.api('status').then(Boolean, () => false), 30_000, 'it answers again');
  await waitUntil(async () => (await claims(url)) === 1, 30_000, 'the claim is taken again');
  await assert.rejects(run(copy), { code: 'E_STATE_LOCKED' });
});

test('a root server whose database another one has taken ends, and says why', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const url = await server.createDatabase('taken');
  const root = await rootFixture(t, { database: { kind: 'postgres', url } });
  const copy = await copyOf(root.folder, t);
  const other = await connectPostgres(url);
  t.after(() => other.end());
  // What a partition of the network does: its connection is gone, and another one comes first.
  await other.query('select pg_terminate_backend(pid) from pg_locks where locktype = $1', ['advisory']);
  const second = await waitUntil(() => run(copy).catch(() => null), 10_000, 'the other one starts');
  t.after(() => second.close());
  await assert.rejects(root.running().ended, { code: 'E_STATE_LOCKED' });
});

/** Of a running root server: a file that is replaced while it is copied makes it begin again. */
async function copyOf(folder: string, t: TestContext): Promise<string> {
  const copy = join(await tempFolder(t, 'copy'), 'state');
  const copied = async (): Promise<boolean> => {
    await rm(copy, { recursive: true, force: true });
    await cp(folder, copy, { recursive: true, filter: (path) => !/lock|\.tmp-/.test(path) });
    return true;
  };
  await waitUntil(() => copied().catch(() => false), 20_000, 'a copy of the state folder');
  return copy;
}

async function claims(url: string): Promise<number> {
  const client = await connectPostgres(url);
  try {
    const { rows } = await client.query("select 1 from pg_locks where locktype = 'advisory' and granted");
    return rows.length;
  } finally {
    await client.end();
  }
}

test('a database that is not there is named, without its password', async (t) => {
  const url = 'postgresql://xylem:hunter2@127.0.0.1:1/xylem';
  await assert.rejects(rootFixture(t, { database: { kind: 'postgres', url } }), (error: Error) => {
    assert.match(error.message, /^The database xylem at 127\.0\.0\.1:1 can't be used: .*ECONNREFUSED/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
  const wrong = { kind: 'postgres' as const, url: 'mysql://127.0.0.1/xylem' };
  await assert.rejects(rootFixture(t, { database: wrong }), { code: 'E_INPUT' });
});
