import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

for (const kind of ['all-at-once', 'rolling'] as const) {
  test(`one step of a deployment is one version of the direction (${kind})`, async (t) => {
    const root = await rootFixture(t);
    const shop = await publisher(t, root, 'shop');
    for (const version of ['1.0.0', '2.0.0']) {
      await shop.publish('shop-web', version, { 'index.html': version });
      await shop.release(version, { 'shop-web': version });
    }
    await root.api('environmentCreate', { body: { name: 'production' } });
    const { token } = await root.api('tokenCreate', { body: { environment: 'production', uses: 3 } });
    const hosts: FakeHost[] = [];
    for (const name of ['a', 'b', 'c']) hosts.push(await fakeHost(root, token, { name }));
    const params = { tenant: 'default', environment: 'production' };
    const shown = async () => {
      const { number, snapshotVersion } = await root.api('environmentShow', { params });
      return { number, snapshotVersion };
    };
    /** What the joins woke is signed: nothing else is on its way. */
    const settled = async () => {
      await waitUntil(async () => {
        const { number } = await shown();
        await new Promise((resolve) => setTimeout(resolve, 300));
        return (await shown()).number === number;
      });
      return await shown();
    };
    const before = await settled();
    const deploy = (version: string) =>
      root.api('deploymentCreate', {
        body: {
          kind: 'deploy',
          product: 'shop',
          version,
          environments: ['production'],
          strategy: kind === 'rolling' ? { kind, maxUnavailable: 1 } : { kind },
        },
      });
    const { deployments } = await deploy('1.0.0');
    const begun = await shown();
    assert.equal(begun.number, before.number + 1);
    const id = deployments[0]?.id ?? '';
    const wanted = async (host: FakeHost) =>
      (await root.api('hostShow', { params: { host: host.id } })).components[0];
    const { packages } = await root.api('packageList', { params: { product: 'shop' } });
    const digest = packages.find(({ version }) => version === '1.0.0')?.package ?? '';
    const running = [
      { component: 'shop-web', product: 'shop', package: digest, version: '1.0.0' },
    ] as unknown as Parameters<FakeHost['report']>[0];
    for (let round = 0; round < hosts.length; round += 1) {
      const next = await waitUntil(async () => {
        for (const host of hosts) {
          const component = await wanted(host);
          if (component?.wantedVersion === '1.0.0' && component.version === null) return host;
        }
        return null;
      });
      assert.equal(await next.report(running), 202);
    }
    await waitUntil(async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded');
    const ended = await settled();
    // Rolling: each of the two others admitted is a step; the end is one too, where it changes what is said.
    const steps = kind === 'rolling' ? 2 : 0;
    assert.ok(ended.number <= begun.number + steps + 1, `${ended.number - begun.number} versions`);
  });
}
