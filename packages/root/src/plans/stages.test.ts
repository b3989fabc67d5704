import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Digest, timeOf } from '@xylem/core';
import { postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { ApiProblem } from '../testing/api-client.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const hour = 3_600_000;
const patience = 60_000;
const refusedWith = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiProblem, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return true;
};

/** acme/staging, and three productions in two rings, each with one host that runs 1.0.0. */
async function shopInRings(
  t: TestContext,
  {
    only = ['staging', 'one', 'two', 'three'],
    ...options
  }: Pick<RootFixtureOptions, 'database'> & { readonly only?: readonly string[] } = {},
) {
  const clock = shiftedClock(-20 * 24 * hour);
  const root = await rootFixture(t, { clock, ...options });
  const { api } = root;
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  const folder = await tempFolder(t, 'tuf');
  const hosts = new Map<string, FakeHost>();
  const places = { staging: '0', one: '1', two: '2', three: '2' };
  for (const [name, ring] of Object.entries(places)) {
    if (!only.includes(name)) continue;
    const stage = name === 'staging' ? 'staging' : 'production';
    const policy = name === 'staging' ? '' : 'policy: { after: none }\n';
    const yaml = `environment: acme/${name}\nstage: ${stage}\nlabels: { ring: '${ring}' }\n${policy}`;
    await api('environmentCreate', { body: { name: `acme/${name}`, yaml } });
    const { token } = await api('tokenCreate', { body: { environment: `acme/${name}` } });
    hosts.set(name, await fakeHost(root, token, { name: `web-${name}` }));
  }
  /** The host does what is asked of it, or says that it failed. */
  const follow = async (name: string, how: 'well' | 'failing' = 'well') => {
    const host = hosts.get(name) ?? assert.fail(name);
    const { assignments } = await host.desiredState(`${folder}/${name}`);
    const brought = assignments.slice(0, 1);
    const components = brought.map(({ component, product, package: digest, version }) => ({
      component,
      product,
      kind: 'files' as const,
      package: digest,
      version,
      tree: '0'.repeat(64) as Digest,
      previous: null,
      state: 'failed' as const,
      healthy: false,
      since: timeOf(clock.now()),
    }));
    await host.report(brought, how === 'well' ? {} : { components });
  };
  const last = async (name: string) => {
    const { deployments } = await api('deploymentList', {
      query: { environment: `acme/${name}`, limit: '1' },
    });
    return deployments[0];
  };
  const running = async (name: string, version: string) => {
    const isThere = async () => {
      const found = await last(name);
      return found?.version === version && found.state === 'running';
    };
    await waitUntil(isThere, patience, `${version} begins in ${name}`);
  };
  const succeed = async (name: string, version: string) => {
    await running(name, version);
    const isOver = async () => {
      await follow(name);
      return (await last(name))?.state === 'succeeded';
    };
    await waitUntil(isOver, patience, `${version} succeeds in ${name}`);
  };
  const bring = async (version: string) => {
    await api('deploymentCreate', {
      body: {
        kind: 'deploy',
        product: 'shop',
        version,
        environments: ['acme/*'],
        strategy: { kind: 'all-at-once' },
      },
    });
    for (const name of hosts.keys()) await succeed(name, version);
  };
  const planned = (yaml: string) => api('planCreateFile', { body: { yaml, file: 'plan.yaml' } });
  const show = (id: string) => api('planShow', { params: { id } });
  const start = (id: string) => api('planStart', { params: { id }, body: {} });
  const becomes = async (id: string, state: string) => {
    await waitUntil(async () => (await show(id)).state === state, patience, `the plan is ${state}`);
    return await show(id);
  };
  return { root, api, clock, hosts, follow, last, running, succeed, bring, planned, show, start, becomes };
}

const rings = `release: shop@2.0.0
atOnce: 100%
stages:
  - { name: staging, to: '*/staging', soak: 24h }
  - { name: ring-1, to: 'acme/*', where: ring = 1, ask: true }
  - { name: ring-2, to: 'acme/*', where: stage = production, atOnce: 1 }
`;

for (const kind of ['sqlite', 'postgres'] as const) {
  test(`a plan goes through its stages by itself, over restarts, and is taken back at once: ${kind}`, async (t) => {
    const database = kind === 'postgres' ? await postgres(t) : undefined;
    if (database !== undefined && 'skip' in database) return t.skip(database.skip);
    const shop = await shopInRings(
      t,
      database === undefined
        ? {}
        : { database: { kind: 'postgres', url: await database.createDatabase('plans') } },
    );
    const { root, api, clock, last, succeed, planned, show, start, becomes } = shop;
    await shop.bring('1.0.0');
    const made = await planned(rings);
    assert.deepEqual(
      made.stages.map(({ name, environments }) => [name, environments.map((one) => one.name)]),
      [
        ['staging', ['acme/staging']],
        ['ring-1', ['acme/one']],
        ['ring-2', ['acme/three', 'acme/two']],
      ],
    );
    await assert.rejects(
      api('planPause', { params: { id: made.id }, body: { reason: 'x' } }),
      refusedWith('E_PLAN_STATE', /was not started/),
    );
    assert.equal((await start(made.id)).deployments.length, 1);
    await root.restart();
    await succeed('staging', '2.0.0');
    await waitUntil(
      async () => (await show(made.id)).stages[0]?.standing?.state === 'soaking',
      patience,
      'staging soaks',
    );
    const soaking = await show(made.id);
    assert.match(soaking.next?.what ?? '', /staging soaks until/);
    clock.pass(23 * hour);
    await root.restart();
    assert.equal((await show(made.id)).state, 'started');
    clock.pass(2 * hour);
    await root.restart();
    const asking = await becomes(made.id, 'paused');
    assert.deepEqual(asking.ended, { by: `plan/${made.id}`, reason: 'ring-1 asks before it begins' });
    assert.equal((await last('one'))?.version, '1.0.0');

    const digest = 'f'.repeat(16);
    const params = { id: made.id };
    await assert.rejects(
      api('planResume', { params, body: { digest } }),
      refusedWith('E_PLAN_CHANGED', /has the digest/),
    );
    const two = await Promise.allSettled([1, 2].map(() => api('planResume', { params, body: {} })));
    assert.deepEqual(two.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await succeed('one', '2.0.0');
    await shop.running('three', '2.0.0');
    assert.equal((await last('two'))?.version, '1.0.0');

    await api('planPause', { params, body: { reason: 'looking' } });
    assert.equal((await last('three'))?.state, 'paused');
    await root.restart();
    assert.equal((await show(made.id)).state, 'paused');
    await api('planResume', { params, body: {} });
    await succeed('three', '2.0.0');
    await succeed('two', '2.0.0');
    const finished = await becomes(made.id, 'finished');
    assert.equal(finished.deployments.length, 4);
    assert.deepEqual(
      finished.stages.map(({ standing }) => standing?.state),
      ['passed', 'passed', 'passed'],
    );

    // Somebody has moved one of them on meanwhile: that stays, and it is said.
    await api('deploymentCreate', {
      body: { kind: 'deploy', product: 'shop', version: '3.0.0', environments: ['acme/one'] },
    });
    const back = await api('planRollback', { params, body: { reason: 'orders are lost' } });
    const told = new Map(
      back.stages.flatMap(({ environments }) => environments.map((one) => [one.name, one.back])),
    );
    assert.deepEqual([told.get('acme/one')?.state, back.state], ['kept', 'stopped']);
    assert.match(told.get('acme/one')?.kept ?? '', /came there since/);
    for (const name of ['staging', 'three', 'two']) {
      const found = await last(name);
      assert.deepEqual([found?.kind, found?.version], ['rollback', '1.0.0'], name);
      assert.equal(told.get(`acme/${name}`)?.deployment, found?.id);
    }
    const log = await api('auditList', { query: { what: 'plan.rollback' } });
    assert.ok(log.entries.some(({ entry }) => entry.on === `plan/${made.id}`));
  });
}

test('a failure stops the plan, and what it brought goes back where the plan says so', async (t) => {
  const { root, follow, last, bring, planned, start, running, succeed, becomes } = await shopInRings(t);
  await bring('1.0.0');
  const yaml = `release: shop@2.0.0
strategy: { kind: rolling, maxUnavailable: 1, maxFailed: 0 }
onFail: rollback-plan
stages:
  - to: acme/one
  - { to: ['acme/two', 'acme/three'], atOnce: 100% }
  - to: acme/staging
`;
  const { id } = await planned(yaml);
  await start(id);
  await succeed('one', '2.0.0');
  await running('two', '2.0.0');
  await running('three', '2.0.0');
  await waitUntil(
    async () => {
      await follow('three', 'failing');
      return (await last('three'))?.state !== 'running' || (await last('three'))?.kind === 'rollback';
    },
    patience,
    'three fails',
  );
  const stopped = await becomes(id, 'stopped');
  assert.match(stopped.ended?.reason ?? '', /^stage-2 failed: acme\/three: d-\S+ failed$/);
  for (const name of ['one', 'two', 'three'])
    await waitUntil(async () => (await last(name))?.kind === 'rollback', patience, `${name} goes back`);
  assert.equal((await last('staging'))?.version, '1.0.0');
  await root.restart();
  assert.equal((await last('staging'))?.version, '1.0.0');
});

test('what may not begin somewhere waits there alone; a schedule and a stop hold everything', async (t) => {
  const { root, api, clock, last, planned, start, show, succeed } = await shopInRings(t, {
    only: ['staging', 'one', 'two'],
  });
  const { id } = await planned(
    "release: shop@2.0.0\nstages: [{ to: acme/staging }, { to: ['acme/one', 'acme/two'] }]\n",
  );
  await start(id);
  const params = { tenant: 'acme', environment: 'one' };
  const { yaml, version } = await api('environmentYaml', { params });
  await api('environmentYamlPut', {
    params,
    body: {
      baseVersion: version,
      yaml: yaml.replace('policy:', 'policy: { maxUnavailable: 2, after: none }\n#'),
    },
  });
  await succeed('staging', '2.0.0');
  await succeed('two', '2.0.0');
  const waiting = await show(id);
  assert.equal(await last('one'), undefined);
  assert.match(waiting.next?.what ?? '', /acme\/one waits: .*spec\.policy/);
  const stopped = await api('planStop', { params: { id }, body: { reason: 'enough' } });
  assert.equal(stopped.state, 'stopped');

  const at = new Date(clock.now() + 3 * hour).toISOString().slice(0, 19);
  const later = await planned(`release: shop@3.0.0\nto: acme/two\nschedule: { notBefore: ${at}Z }\n`);
  assert.deepEqual((await start(later.id)).deployments, []);
  assert.match((await show(later.id)).next?.what ?? '', /begins not before/);
  clock.pass(4 * hour);
  await root.restart();
  await succeed('two', '3.0.0');
  await waitUntil(async () => (await show(later.id)).state === 'finished', patience);

  await assert.rejects(
    planned('release: shop@3.0.0\nto: acme/nowhere\n'),
    refusedWith('E_NOT_FOUND', /plan\.yaml:2:5: to: No environment fits "acme\/nowhere"/),
  );
  await assert.rejects(
    planned(
      'release: shop@3.0.0\nto: acme/one\nschedule:\n  windows: [{ name: x, zone: Mars/Olympus, start: 2026-03-01T22:00, duration: PT1H }]\n',
    ),
    refusedWith('E_WINDOW_INVALID', /plan\.yaml:4:13/),
  );
  const byOrder = await planned("release: shop@3.0.0\nto: 'acme/*'\n");
  assert.deepEqual(
    byOrder.stages.map(({ name, environments, atOnce }) => [name, environments.length, atOnce]),
    [
      ['staging', 1, '10%'],
      ['production', 2, '10%'],
    ],
  );
});
