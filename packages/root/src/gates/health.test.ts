import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('alone stops what would come to an environment that is ill already, and not the way back', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  const yaml = 'environment: acme/live\nproducts: { shop: {} }\npolicy:\n  health: { atLeast: 60% }\n';
  await root.api('environmentCreate', { body: { name: 'acme/live', yaml } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/live', uses: 2 } });
  const hosts = [
    await fakeHost(root, token, { name: 'web-1' }),
    await fakeHost(root, token, { name: 'web-2' }),
  ] as const;
  const deploy = (more: object) =>
    root.api('deploymentCreate', {
      body: { kind: 'deploy', product: 'shop', environments: ['acme/live'], dryRun: true, ...more },
    });
  await hosts[0].report([]);
  await assert.rejects(deploy({ version: '1.0.0' }), {
    code: 'E_UNHEALTHY',
    message: /1 of 2 hosts of acme\/live are well, and 2 \(60%\) are demanded.*Not well: web-2\./,
  });
  await hosts[1].report([]);
  const { deployments } = await deploy({ version: '1.0.0', dryRun: false });
  const { assignments } = await hosts[0].desiredState(await tempFolder(t, 'tuf'));
  for (const host of hosts) await host.report(assignments);
  const params = { id: deployments[0]?.id ?? '' };
  await waitUntil(async () => (await root.api('deploymentShow', { params })).state === 'succeeded', 30_000);
  await deploy({ version: '2.0.0', dryRun: false });
  const ill = assignments.map(({ component, product, package: digest, version }) => ({
    component,
    product,
    package: digest,
    version,
    kind: 'files',
    tree: '0'.repeat(64),
    previous: null,
    state: 'failed' as const,
    healthy: false,
    since: '2026-01-01T00:00:00Z' as never,
  }));
  await hosts[0].report([], { components: ill as never });
  await assert.rejects(deploy({ version: '2.0.0' }), { code: 'E_UNHEALTHY', message: /Not well: web-1\./ });
  await deploy({ kind: 'rollback' });
});
