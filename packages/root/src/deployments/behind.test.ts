import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOf, type Version } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('a deployment names who is not where it wants them, each with its reason, until they are or a later one begins', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const versions = ['1.0.0', '1.5.0', '2.0.0', '3.0.0'];
  for (const version of versions) {
    const more = version === '3.0.0' ? { platform: { os: 'linux', arch: 'x64' } } : {};
    await shop.publish('api', version, { 'a.txt': version }, more);
    await shop.release(version, { api: version });
  }
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 8 } });
  const folder = await tempFolder(t, 'tuf');
  const packages = (await root.api('packageList', { params: { product: 'shop' } })).packages;
  const at = (version: string) => {
    const found = packages.find((one) => one.version === version) ?? assert.fail();
    return [
      { component: 'api', product: 'shop', version: version as Version, package: found.package as never },
    ];
  };
  const joined = async (name: string, arch = 'x64') => {
    const host = await fakeHost(root, token, { name });
    const facts = { os: 'linux', osVersion: '6', arch, node: '26.0.0', cores: 1, memoryBytes: 1 };
    const report = async (version: string, extra: object = {}) => {
      await host.desiredState(`${folder}/${host.id}`);
      await host.report(at(version), { facts, ...extra });
    };
    return { id: host.id, report };
  };
  const done = await joined('done');
  const far = await joined('far');
  const stuck = await joined('stuck');
  const pinned = await joined('pinned');
  const arm = await joined('arm', 'arm64');
  const late = await joined('late');
  const hosts = [done, far, stuck, pinned, arm, late];
  const wanted = (version: string) => ({
    kind: 'deploy' as const,
    product: 'shop',
    version,
    environments: ['acme/production'],
    strategy: { kind: 'all-at-once' as const },
    skipUnfit: true,
  });
  const deploy = async (version: string) =>
    (await root.api('deploymentCreate', { body: wanted(version) })).deployments[0]?.id ?? '';
  const show = (id: string) => root.api('deploymentShow', { params: { id } });

  const first = await deploy('1.0.0');
  for (const host of hosts) await host.report('1.0.0');
  await waitUntil(async () => (await show(first)).state === 'succeeded');
  assert.equal((await show(first)).behind, undefined);

  await shop.transit({
    waypoints: [{ version: '2.0.0' as Version }],
    deadEnds: [{ versions: '1.5.0', reason: 'Install it anew.' }],
  });
  await stuck.report('1.5.0');
  const reason = 'ticket 7';
  await root.api('hostPin', { body: { select: { hosts: ['pinned'] }, components: ['api'], reason } });
  const { id: plan } = await root.api('planCreate', { body: wanted('3.0.0') });
  const [second = ''] = (await root.api('planStart', { params: { id: plan }, body: {} })).deployments;
  await waitUntil(async () => (await show(second)).progress.admitted === 3);
  await done.report('3.0.0');
  await far.report('1.0.0');
  const since = timeOf(root.clock.now());
  const message = 'From 22:00 on.';
  await late.report('2.0.0', { waiting: [{ component: 'api', code: 'E_OUTSIDE_WINDOW', message, since }] });
  const { behind } = await waitUntil(async () => {
    const shown = await show(second);
    return shown.progress.done === 1 && shown.progress.keptBack === 1 ? shown : null;
  });
  const said = (behind?.hosts ?? []).map((one) => [one.name, one.reason, one.message ?? '']);
  const expected: readonly (readonly [string, string, RegExp])[] = [
    ['stuck', 'E_DEAD_END', /No update leads from shop 1\.5\.0 to 3\.0\.0: Install it anew\.$/],
    ['arm', 'E_FACTS_UNSUPPORTED', /^api: no variant for linux on arm64\.$/],
    ['late', 'E_OUTSIDE_WINDOW', /^From 22:00 on\.$/],
    ['pinned', 'pinned', /^api is pinned by .* since .*: ticket 7$/],
    ['far', 'waypoint', /^It is at 1\.0\.0 since .*, on its way through 2\.0\.0\.$/],
  ];
  assert.deepEqual(
    said.map(([name, why]) => [name, why]),
    expected.map(([name, why]) => [name, why]),
  );
  for (const [index, [, , text]] of expected.entries()) assert.match(said[index]?.[2] ?? '', text);
  assert.deepEqual([behind?.total, behind?.counts.every((one) => one.hosts === 1)], [5, true]);
  const laggards = await root.api('deploymentLaggards', { params: { id: second }, query: {} });
  assert.deepEqual(
    laggards.hosts.map(({ name }) => name),
    said.map(([name]) => name),
  );
  const ofPlan = await root.api('planBehind', { params: { id: plan } });
  assert.deepEqual(ofPlan.counts, behind?.counts);
  const place = { deployment: second, environment: 'acme/production' };
  assert.deepEqual(
    ofPlan.hosts,
    behind?.hosts.map((one) => ({ ...one, ...place })),
  );

  // A later one takes its place: of this one nobody is behind any more.
  await root.api('deploymentAbort', { params: { id: second } });
  assert.equal((await show(second)).behind?.total, 5);
  await deploy('1.0.0');
  assert.equal((await show(second)).behind, undefined);
  assert.equal((await root.api('planBehind', { params: { id: plan } })).total, 0);
});
