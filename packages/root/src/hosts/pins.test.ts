import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest, Version } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('a pinned component stays as it is, no deployment counts on it, and unpinned it follows', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('api', version, { 'a.txt': version });
    await shop.publish('web', version, { 'w.txt': version });
    await shop.release(version, { api: version, web: version });
  }
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 2 } });
  const hosts = [await fakeHost(root, token, { name: 'a' }), await fakeHost(root, token, { name: 'b' })];
  type Running = { component: string; product: string; version: Version; package: Digest };
  const runs = hosts.map(() => new Map<string, Running>());
  /** Each takes what it is told to, and keeps what it is told nothing of. */
  const take = async (): Promise<void> => {
    for (const [index, host] of hosts.entries()) {
      const own = runs[index] ?? new Map<string, Running>();
      const { components } = await root.api('hostShow', { params: { host: host.id } });
      for (const { component, product, wantedVersion, wantedPackage } of components) {
        if (product === null || wantedVersion === null || wantedPackage === null) continue;
        const [version, digest] = [wantedVersion as Version, wantedPackage as Digest];
        own.set(component, { component, product, version, package: digest });
      }
      await host.report([...own.values()]);
    }
  };
  const versionsOf = (index: number): string[] =>
    [...(runs[index]?.values() ?? [])].map(({ component, version }) => `${component} ${version}`).sort();
  const deploy = async (version: string): Promise<unknown> => {
    const body = {
      kind: 'deploy' as const,
      product: 'shop',
      version,
      environments: ['acme/production'],
      strategy: { kind: 'all-at-once' as const },
    };
    const id = (await root.api('deploymentCreate', { body })).deployments[0]?.id ?? '';
    await take();
    return await waitUntil(async () => {
      const { state, progress } = await root.api('deploymentShow', { params: { id } });
      return state === 'running' ? null : { state, eligible: progress.eligible };
    });
  };
  assert.deepEqual(await deploy('1.0.0'), { state: 'succeeded', eligible: 2 });

  const select = { hosts: ['a'] };
  const pin = { select, components: ['api', 'web'], reason: 'ticket 4711' };
  assert.equal((await root.api('hostPin', { body: { ...pin, dryRun: true } })).changed, 1);
  assert.deepEqual((await root.api('hostShow', { params: { host: 'a' } })).pinned, []);
  assert.equal((await root.api('hostPin', { body: pin })).changed, 1);
  assert.equal((await root.api('hostPin', { body: pin })).changed, 0, 'the same again changes nothing');
  const { pinned } = await root.api('hostShow', { params: { host: 'a' } });
  assert.deepEqual(
    pinned.map(({ component, reason }) => [component, reason]),
    [
      ['api', 'ticket 4711'],
      ['web', 'ticket 4711'],
    ],
  );

  assert.deepEqual(await deploy('2.0.0'), { state: 'succeeded', eligible: 1 });
  assert.deepEqual(
    [versionsOf(0), versionsOf(1)],
    [
      ['api 1.0.0', 'web 1.0.0'],
      ['api 2.0.0', 'web 2.0.0'],
    ],
  );
  const why = await root.api('hostWhy', { params: { host: 'a' } });
  assert.match(why.answer, /api, web are pinned on this host and kept as installed: .*ticket 4711/);

  await root.api('hostUnpin', { body: { select, components: ['web'] } });
  await take();
  assert.deepEqual(versionsOf(0), ['api 1.0.0', 'web 2.0.0']);
  await root.api('hostUnpin', { body: { select } });
  await take();
  assert.deepEqual(versionsOf(0), ['api 2.0.0', 'web 2.0.0']);
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  const said = entries.map(({ entry }) => entry['what']).filter((what) => String(what).includes('pin'));
  assert.deepEqual(said, ['host.pin', 'host.unpin', 'host.unpin']);
});
