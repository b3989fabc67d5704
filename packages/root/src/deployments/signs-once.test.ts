import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '@xylem/platform';
import { waitUntil } from '@xylem/testkit';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

/** Real time, and how many sleep for less than a second: those who gather what has woken them (`Directing.wake`). */
function gatheringClock(): Clock & { gathering(): number } {
  let gathering = 0;
  return {
    ...systemClock,
    sleep: async (ms, signal) => {
      const one = ms < 1000 ? 1 : 0;
      gathering += one;
      await systemClock.sleep(ms, signal).finally(() => {
        gathering -= one;
      });
    },
    gathering: () => gathering,
  };
}

for (const kind of ['all-at-once', 'rolling'] as const) {
  test(`one step of a deployment is one version of the direction (${kind})`, async (t) => {
    const clock = gatheringClock();
    const root = await rootFixture(t, { clock });
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
    /** What was woken is signed: nobody gathers any more, and what this changes (a comment) is published after it. */
    const settled = async () => {
      await waitUntil(() => clock.gathering() === 0, 60_000);
      const { yaml, version } = await root.api('environmentYaml', { params });
      await root.api('environmentYamlPut', {
        params,
        body: { baseVersion: version, yaml: `${yaml}# settled\n` },
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
      }, 60_000);
      assert.equal(await next.report(running), 202);
    }
    const state = async () => (await root.api('deploymentShow', { params: { id } })).state;
    await waitUntil(async () => (await state()) === 'succeeded', 60_000);
    const ended = await settled();
    // Rolling: each of the two others admitted is a step; the end is one too, where it changes what is said.
    const steps = kind === 'rolling' ? 2 : 0;
    assert.ok(ended.number <= begun.number + steps + 1, `${ended.number - begun.number} versions`);
  });
}
