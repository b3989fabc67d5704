import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

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
