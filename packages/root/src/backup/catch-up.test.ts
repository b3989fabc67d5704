import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { relayCopy } from '../testing/relay-copy.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

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

  const url = await relayCopy(t, relay, root.folder);

  const again = await restoredFixture(t, root, out);
  const { api } = again;
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

test('publishing goes on though no relay holds a release that the newest role vouches for', async (t) => {
  const clock = shiftedClock(-60_000);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', serve: true } });
  const relay = await fakeHost(root, token, { name: 'relay', serve: true });
  const out = join(await tempFolder(t, 'backup'), 'out');
  await root.api('backupCreate', { body: { out } });
  for (const version of ['1.0.0', '1.1.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  // A relay holds what its environments were given: of these, the last alone.
  const lost = (await root.api('releaseList', { params: { product: 'shop' } })).releases.slice(1);
  const url = await relayCopy(t, relay, root.folder, (path) =>
    lost.some(({ release }) => path.includes(release)),
  );
  const again = await restoredFixture(t, root, out);
  relay.moveTo(again);
  await relay.report([], { serves: { url, children: [] } });
  const versions = async () =>
    (await again.api('releaseList', { params: { product: 'shop' } })).releases.map(({ version }) => version);
  await again.api('restored');
  assert.deepEqual(await versions(), ['2.0.0']);
  await again.api('restoreConfirm', { body: { keep: 'hosts' } });
  shop.moveTo(again);
  clock.pass(5000);
  for (const version of ['1.0.0', '1.1.0', '3.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  assert.deepEqual(await versions(), ['3.0.0', '2.0.0', '1.1.0', '1.0.0']);
});
