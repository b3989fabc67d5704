import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { openRepository, serveRepository } from '@xylem/store';
import { removeLater, tempFolder, waitUntil } from '@xylem/testkit';
import { serverTls } from '@xylem/trust';
import { apiClient } from '../testing/api-client.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixture, rootFixture, run } from '../testing/root-fixture.ts';
import { restoreRoot } from './restore.ts';

test('takes back from a relay what was published after the backup, and hosts keep what they run', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', {
    body: { environment: 'production', uses: 2, serve: true },
  });
  const relay = await fakeHost(root, token, { name: 'relay', serve: true });
  const tuf = await tempFolder(t, 'tuf');
  const out = join(await tempFolder(t, 'backup'), 'out');
  await root.api('backupCreate', { body: { out } });

  // All of it after the backup: package, release, channel, deployment.
  await shop.publish('shop-web', '2.0.0', { 'index.html': 'lost?' });
  await shop.release('2.0.0', { 'shop-web': '2.0.0' });
  await shop.setChannel('stable', '2.0.0');
  const { deployments } = await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '2.0.0', environments: ['production'] },
  });
  const before = await relay.desiredState(tuf);
  await relay.report(before.assignments);
  const id = deployments[0]?.id ?? '';
  await waitUntil(async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded');
  await root.running().close();

  // The relay's copy of the repository, served as a relay serves it.
  const copy = join(await tempFolder(t, 'relay'), 'repository');
  await cp(join(root.folder, 'repository'), copy, { recursive: true });
  const serve = serveRepository(await openRepository(copy), { authorise: () => true });
  const identity = { key: relay.key, certificatePem: relay.answer.certificate, caPem: relay.answer.ca };
  const server = createServer(serverTls(identity), (request, response) => {
    if (!serve(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  removeLater(t, () => void server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const folder = join(await tempFolder(t, 'restored'), 'state');
  await restoreRoot({ backup: out, stateFolder: folder, clock: systemClock });
  const running = await run(folder);
  removeLater(t, () => running.close());
  const api = apiClient(() => running.apiUrl, root.token);
  const again: RootFixture = { ...root, folder, running: () => running, api };
  relay.moveTo(again);
  await relay.report(undefined, { serves: { url, children: [] } });

  const difference = await api('restored');
  assert.equal(difference.hostsHeard, 1);
  const { releases } = await api('releaseList', { params: { product: 'shop' } });
  assert.deepEqual(
    releases.map(({ version }) => version),
    ['2.0.0'],
  );
  const { channels } = await api('channelList', { params: { product: 'shop' } });
  assert.equal(channels[0]?.version, '2.0.0');

  await api('restoreConfirm', { body: { keep: 'hosts' } });
  const after = await relay.desiredState(tuf);
  assert.deepEqual(
    after.assignments.map(({ version, release }) => ({ version, release })),
    before.assignments.map(({ version, release }) => ({ version, release })),
  );
  // Publishing goes on from the newest role: nothing has to be signed again.
  shop.moveTo(again);
  await shop.publish('shop-web', '3.0.0', { 'index.html': 'next' });
  await shop.release('3.0.0', { 'shop-web': '3.0.0' });
  assert.equal((await api('releaseList', { params: { product: 'shop' } })).releases.length, 2);
});
