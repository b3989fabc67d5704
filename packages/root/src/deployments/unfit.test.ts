import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanup, postgres, tempFolder, waitUntil } from '@xylem/testkit';
import type { DatabaseConfig } from '../db/open.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);
const databases: Record<string, { readonly skip?: string; readonly database?: DatabaseConfig }> = {
  sqlite: {},
  postgres:
    'skip' in server ? server : { database: { kind: 'postgres', url: await server.createDatabase('unfit') } },
};

for (const [kind, { skip, database }] of Object.entries(databases)) {
  test(`hosts without a fitting variant are named before anything moves, or left out: ${kind}`, {
    skip: skip ?? false,
  }, async (t) => {
    const root = await rootFixture(t, database === undefined ? {} : { database: database as never });
    const shop = await publisher(t, root, 'shop');
    await shop.publish('api', '1.0.0', { 'a.txt': 'one' });
    await shop.publish('api', '2.0.0', { 'a.txt': 'two' }, { platform: { os: 'linux', arch: 'x64' } });
    await shop.publish('web', '1.0.0', { 'w.txt': 'one' });
    await shop.release('1.0.0', { api: '1.0.0', web: '1.0.0' });
    await shop.release('2.0.0', { api: '2.0.0', web: '1.0.0' });
    await root.api('environmentCreate', { body: { name: 'acme/production' } });
    const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 3 } });
    const folder = await tempFolder(t, 'tuf');
    const joined = async (name: string, arch: string) => {
      const facts = { os: 'linux', osVersion: '6', arch, node: '24.0.0', cores: 1, memoryBytes: 1 };
      const host = await fakeHost(root, token, { name });
      /** @param takes whether it can install what it is told to, or stays as it is */
      const report = async (takes = true) => {
        const { assignments } = await host.desiredState(`${folder}/${host.id}`);
        return await host.report(takes ? assignments : undefined, { facts });
      };
      return { id: host.id, report };
    };
    const intel = await joined('intel', 'x64');
    const arm = await joined('arm', 'arm64');
    const deploy = (version: string, more: { skipUnfit?: boolean; dryRun?: boolean } = {}) =>
      root.api('deploymentCreate', {
        body: {
          kind: 'deploy',
          product: 'shop',
          version,
          environments: ['acme/production'],
          strategy: { kind: 'all-at-once' },
          ...more,
        },
      });
    const ended = async (id = '') =>
      await waitUntil(async () => {
        const { state, progress } = await root.api('deploymentShow', { params: { id } });
        return state === 'running' ? null : { state, eligible: progress.eligible, failed: progress.failed };
      });

    const first = await deploy('1.0.0');
    for (const host of [intel, arm]) await host.report();
    assert.equal((await ended(first.deployments[0]?.id)).state, 'succeeded');

    for (const dryRun of [true, false]) {
      await assert.rejects(deploy('2.0.0', { dryRun }), {
        code: 'E_FACTS_UNSUPPORTED',
        message: /arm \(api: no variant for linux on arm64\)\. .*Nothing was changed/,
      });
    }
    assert.equal((await root.api('deploymentList', { query: {} })).deployments.length, 1);
    const planned = await deploy('2.0.0', { dryRun: true, skipUnfit: true });
    assert.deepEqual(planned.unfit, [
      { host: arm.id, name: 'arm', component: 'api', platform: 'linux on arm64' },
    ]);

    const second = await deploy('2.0.0', { skipUnfit: true });
    const id = second.deployments[0]?.id ?? '';
    const { events } = await root.api('deploymentEvents', { params: { id } });
    assert.ok(events.some(({ message }) => message.includes('Left out, without a fitting variant: arm')));
    // Of the host that is left out the other component counts.
    await intel.report();
    await arm.report(false);
    assert.deepEqual(await ended(id), { state: 'succeeded', eligible: 2, failed: 0 });
    assert.equal((await deploy('1.0.0', { dryRun: true })).unfit.length, 0);
  });
}
