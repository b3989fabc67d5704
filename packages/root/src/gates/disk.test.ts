import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('alone stops what more hosts than may be unavailable have no room for', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'acme/live' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/live', uses: 3 } });
  const hosts: FakeHost[] = [];
  for (const name of ['web-1', 'web-2', 'web-3']) hosts.push(await fakeHost(root, token, { name }));
  const deploy = () =>
    root.api('deploymentCreate', {
      body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['acme/live'], dryRun: true },
    });
  const facts = { os: 'linux', osVersion: '6', arch: 'x64', node: '24.0.0', cores: 1, memoryBytes: 1 };
  const report = async (index: number, diskFreeBytes?: number): Promise<void> => {
    await hosts[index]?.report([], {
      facts: diskFreeBytes === undefined ? facts : { ...facts, diskFreeBytes },
    });
  };
  await report(0, 1000);
  await report(1);
  await deploy();
  await report(1, 1000);
  await assert.rejects(deploy(), {
    code: 'E_DISK_SHORT',
    message:
      /: 2 of 3 hosts of acme\/live lack room on their disk for shop@1\.0\.0, and at most 1 may: web-1 \(needs \d+ bytes, has 1000\), web-2 .*\. Of 1 it is not known/,
  });
  const plan = await root.api('planCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['acme/live'] },
  });
  assert.match(JSON.stringify(plan), /"gate":"disk"/);
  await report(1, 1e9);
  await deploy();
});
