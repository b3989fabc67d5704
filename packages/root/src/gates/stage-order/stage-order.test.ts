import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { type Digest, timeOf } from '@xylem/core';
import { cleanup, tempFolder, waitUntil } from '@xylem/testkit';
import { testDatabases } from '../../testing/databases.ts';
import { fakeHost } from '../../testing/fake-host.ts';
import { publisher } from '../../testing/publisher.ts';
import { type RootFixtureOptions, rootFixture } from '../../testing/root-fixture.ts';
import { shiftedClock } from '../../testing/shifted-clock.ts';

const own = cleanup();
after(() => own.run());

const hour = 3_600_000;

/** A tenant with staging and production, and one host in staging that does what is asked of it. */
async function stages(t: TestContext, policy = '', options: RootFixtureOptions = {}) {
  const clock = shiftedClock(-20 * 24 * hour);
  const root = await rootFixture(t, { clock, ...options });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    const jobs = { smoke: { command: ['true'] } };
    await shop.publish('shop-web', version, { 'index.html': version }, { document: { jobs } });
    await shop.release(version, { 'shop-web': version });
  }
  const yaml = (stage: string, more = '') =>
    `environment: acme/${stage}\nstage: ${stage}\nproducts:\n  shop: {}\n${more}`;
  await root.api('environmentCreate', { body: { name: 'acme/staging', yaml: yaml('staging') } });
  await root.api('environmentCreate', {
    body: { name: 'acme/production', yaml: yaml('production', policy) },
  });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/staging' } });
  const host = await fakeHost(root, token, { name: 'web' });
  await host.report([]);
  const folder = await tempFolder(t, 'tuf');
  const deploy = async (environment: string, version: string, more: object = {}) => {
    const body = { kind: 'deploy' as const, product: 'shop', version, environments: [environment], ...more };
    const { deployments } = await root.api('deploymentCreate', { body });
    return deployments[0]?.id ?? '';
  };
  const settle = async (id: string) => {
    await host.report((await host.desiredState(folder)).assignments);
    await waitUntil(
      async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded',
      30_000,
    );
  };
  const settleInStaging = async (version: string) => settle(await deploy('acme/staging', version));
  return { root, shop, clock, yaml, deploy, settleInStaging, host };
}

const first = { code: 'E_STAGE_ORDER', message: /acme\/staging runs nothing of it; deploy 2\.0\.0 there/ };

test('alone stops what has not succeeded in the stage before; promote brings what has', async (t) => {
  const { root, deploy, settleInStaging } = await stages(t);
  await assert.rejects(deploy('acme/production', '2.0.0'), first);
  await assert.rejects(deploy('acme/production', '2.0.0', { dryRun: true }), first);
  const promote = (more: object = {}) =>
    root.api('deploymentCreate', {
      body: {
        kind: 'deploy',
        product: 'shop',
        from: 'acme/staging',
        environments: ['acme/production'],
        ...more,
      },
    });
  await assert.rejects(promote(), { code: 'E_CONFLICT' });
  await settleInStaging('2.0.0');
  await assert.rejects(deploy('acme/production', '1.0.0'), {
    code: 'E_STAGE_ORDER',
    message: /acme\/staging runs 2\.0\.0; deploy 1\.0\.0 there first/,
  });
  await assert.rejects(promote({ version: '1.0.0' }), { code: 'E_CONFLICT', message: /runs shop@2\.0\.0/ });
  const { deployments } = await promote();
  assert.deepEqual([deployments[0]?.version, deployments[0]?.environment.name], ['2.0.0', 'acme/production']);
  // Staging moves on: what was seen of 2.0.0 there still counts.
  await settleInStaging('1.0.0');
  await deploy('acme/production', '2.0.0', { dryRun: true });
  await promote();
});

test('a release soaks, over a restart, and where a channel brings it, it comes by itself when it has', async (t) => {
  const after = 'policy:\n  after: { stage: staging, soak: 24h }\n';
  const { root, shop, clock, yaml, deploy, settleInStaging } = await stages(t, after);
  await settleInStaging('2.0.0');
  await assert.rejects(deploy('acme/production', '2.0.0'), {
    code: 'E_STAGE_ORDER',
    message: /2\.0\.0 soaks in acme\/staging until 20/,
  });
  await shop.setChannel('stable', '2.0.0');
  const params = { tenant: 'acme', environment: 'production' };
  const following = `${yaml('production', after).replace('shop: {}', 'shop: { channel: stable }')}`;
  await root.api('environmentYamlPut', { params, body: { baseVersion: 1, yaml: following } });
  const { waiting } = await root.api('environmentShow', { params });
  assert.deepEqual(
    waiting.map(({ product, version, code }) => [product, version, code]),
    [['shop', '2.0.0', 'E_STAGE_ORDER']],
  );
  clock.pass(23 * hour);
  await root.restart();
  await assert.rejects(deploy('acme/production', '2.0.0'), { code: 'E_STAGE_ORDER' });
  clock.pass(2 * hour);
  await root.restart();
  await waitUntil(
    async () =>
      (await root.api('deploymentList', { query: { environment: 'acme/production' } })).deployments.length ===
      1,
    60_000,
  );
  assert.deepEqual((await root.api('environmentShow', { params })).waiting, []);
});

test('a named earlier stage must be there; none asks for nothing; YAML that names too much is not saved', async (t) => {
  const { root, yaml, deploy } = await stages(t, 'policy:\n  after: { stage: test }\n');
  await assert.rejects(deploy('acme/production', '2.0.0'), {
    code: 'E_STAGE_ORDER',
    message: /acme has no environment of the stage test with shop/,
  });
  const params = { tenant: 'acme', environment: 'production' };
  const put = (text: string, baseVersion: number) =>
    root.api('environmentYamlPut', { params, body: { baseVersion, yaml: text } });
  const named = yaml('production').replace('shop: {}', "shop: { release: '2.0.0' }");
  await assert.rejects(put(named, 1), first);
  await put(yaml('production', 'policy: { after: none }\n'), 1);
  assert.match(await deploy('acme/production', '2.0.0'), /^d-/);
});

for (const { kind, skip, options } of await testDatabases(own))
  test(`alone stops what was not tested in the stage before, or has incidents there: ${kind}`, {
    skip,
  }, async (t) => {
    const tests = '{ component: shop-web, job: smoke }';
    const { root, clock, deploy, settleInStaging, host } = await stages(
      t,
      `policy:\n  incidents: none\n  after: { stage: staging, incidents: acknowledged, tests: [${tests}] }\n`,
      await options('stages'),
    );
    await settleInStaging('2.0.0');
    const dryRun = () => deploy('acme/production', '2.0.0', { dryRun: true });
    await assert.rejects(dryRun(), {
      code: 'E_STAGE_ORDER',
      message: /the test smoke of shop-web has not passed with 2\.0\.0 in acme\/staging/,
    });
    const params = { tenant: 'acme', environment: 'staging' };
    const { runs } = await root.api('jobRun', { params, body: { component: 'shop-web', job: 'smoke' } });
    const time = timeOf(clock.now());
    const output = { text: '', sizeBytes: 0 };
    const result = { outcome: 'passed' as const, exitCode: 0, seconds: 1, output };
    const jobs = runs.map(({ id, component, job, package: digest }) => ({
      id,
      component,
      job,
      package: digest as Digest,
      state: 'ended' as const,
      since: time,
      result,
    }));
    await host.report(undefined, { jobs });
    await dryRun();

    const waiting = [{ component: null, code: 'E_DISK_FULL', message: 'The disk is full.', since: time }];
    await host.report(undefined, { waiting });
    const incidentIn = (environment: string) =>
      waitUntil(
        async () => (await root.api('incidentList', { query: { environment } })).incidents[0]?.id ?? null,
        30_000,
      );
    const incident = await incidentIn('acme/staging');
    await assert.rejects(dryRun(), {
      code: 'E_STAGE_ORDER',
      message: /acme\/staging has incidents that are not acknowledged: i-/,
    });
    await root.api('incidentAcknowledge', { params: { id: incident } });
    await dryRun();

    // Of the environment itself: none at all.
    const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
    const own = await fakeHost(root, token, { name: 'live' });
    await own.report([], { waiting });
    await incidentIn('acme/production');
    await assert.rejects(dryRun(), {
      code: 'E_INCIDENT',
      message: /acme\/production has incidents that are open: i-/,
    });
    const plan = await root.api('planCreate', {
      body: { kind: 'deploy', product: 'shop', version: '2.0.0', environments: ['acme/production'] },
    });
    const gates = plan.stages[0]?.environments[0]?.found.gates ?? [];
    assert.deepEqual(
      gates.filter(({ open }) => !open).map(({ gate }) => gate),
      ['incidents'],
    );
  });
