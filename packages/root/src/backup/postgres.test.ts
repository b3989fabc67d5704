import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { restoreRoot } from './restore.ts';

test('a root server over PostgreSQL is backed up while it runs, and restored into an empty database', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const url = await server.createDatabase('first');
  const root = await rootFixture(t, { database: { kind: 'postgres', url } });
  const { api } = root;
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  await api('environmentCreate', { body: { name: 'production' } });
  const { token } = await api('tokenCreate', { body: { environment: 'production', uses: 9 } });
  const host = await fakeHost(root, token, { name: 'a' });
  const tuf = await tempFolder(t, 'tuf');
  const deploy = async (version: string): Promise<void> => {
    const { deployments } = await api('deploymentCreate', {
      body: { kind: 'deploy', product: 'shop', version, environments: ['production'] },
    });
    assert.equal(await host.report((await host.desiredState(tuf)).assignments), 202);
    const id = deployments[0]?.id ?? '';
    await waitUntil(async () => (await api('deploymentShow', { params: { id } })).state === 'succeeded');
  };
  await deploy('1.0.0');
  const base = await tempFolder(t, 'backup');
  const out = join(base, 'out');
  await api('backupCreate', { body: { out } });
  assert.ok((await stat(join(out, 'root.pgdump'))).size > 1000);
  await deploy('2.0.0');

  const to = { backup: out, stateFolder: join(base, 'to'), clock: root.clock };
  await assert.rejects(restoreRoot(to), { code: 'E_CONFLICT', message: /first at .* holds tables already/ });
  assert.deepEqual(await readdir(base), ['out'], 'a refused restore leaves nothing behind');

  const again = await restoredFixture(t, root, out, await server.createDatabase('second'));
  const config = JSON.parse(await readFile(join(again.folder, 'root.json'), 'utf8')) as { database: unknown };
  assert.deepEqual(config.database, { kind: 'postgres', url: url.replace('/first', '/second') });
  assert.ok(!(await readdir(again.folder)).includes('root.pgdump'));
  host.moveTo(again);
  assert.equal(await host.report(), 202);
  const { environments } = await again.api('restored');
  assert.deepEqual(environments[0]?.differences, [
    {
      product: 'shop',
      component: 'shop-web',
      backupVersion: '1.0.0',
      runningVersions: [{ version: '2.0.0', hosts: 1 }],
    },
  ]);
  await assert.rejects(fakeHost(again, token, { name: 'late' }), { code: 'E_JOIN_TOKEN' });
  await again.api('restoreConfirm', { body: { keep: 'hosts' } });
  assert.equal((await host.desiredState(tuf)).assignments[0]?.version, '2.0.0');
  const { entries } = await again.api('auditList', { query: {} });
  assert.ok(
    entries.some(({ entry }) => entry.what === 'root.init'),
    'the audit log came back',
  );
});

test('a backup of SQLite names no database, and a dump that fails leaves no backup', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const sqlite = await rootFixture(t);
  const base = await tempFolder(t, 'backup');
  await sqlite.api('backupCreate', { body: { out: join(base, 'out') } });
  const databaseUrl = await server.createDatabase('empty');
  const to = { backup: join(base, 'out'), stateFolder: join(base, 'to'), clock: sqlite.clock };
  await assert.rejects(restoreRoot({ ...to, databaseUrl }), { code: 'E_UNSUPPORTED' });

  const url = await server.createDatabase('gone');
  const root = await rootFixture(t, { database: { kind: 'postgres', url } });
  const path = process.env['PATH'];
  process.env['PATH'] = base;
  t.after(() => {
    process.env['PATH'] = path;
  });
  await assert.rejects(root.api('backupCreate', { body: { out: join(base, 'none') } }), {
    code: 'E_UNSUPPORTED',
    message: /pg_dump is not on this machine/,
  });
  assert.deepEqual((await readdir(base)).sort(), ['out']);
});
