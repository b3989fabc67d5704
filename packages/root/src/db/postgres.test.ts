import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, systemRandomness } from '@xylem/platform';
import { postgres, removeLater, tempFolder, waitUntil } from '@xylem/testkit';
import { generateKey } from '@xylem/trust';
import { initRoot } from '../init.ts';
import { apiClient } from '../testing/api-client.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixture, run } from '../testing/root-fixture.ts';

test('a root server runs over PostgreSQL, from publishing to a deployment’s end', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const folder = join(await tempFolder(t, 'root'), 'state');
  const vendor = { rootKey: generateKey(), targetsKey: generateKey() };
  const ports = { clock: systemClock, randomness: systemRandomness };
  const database = { kind: 'postgres' as const, url: await server.createDatabase('root') };
  const { operatorToken } = await initRoot({ stateFolder: folder, ...ports, vendor, database });
  const running = await run(folder);
  removeLater(t, () => running.close());
  const token = operatorToken ?? '';
  const api = apiClient(() => running.apiUrl, token);
  const root: RootFixture = {
    folder,
    clock: systemClock,
    token,
    vendor,
    running: () => running,
    api,
    restart: async () => undefined,
  };
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
