import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres, waitUntil } from '@xylem/testkit';
import { ApiProblem } from '../testing/api-client.ts';
import { patience, shopInRings } from '../testing/shop-in-rings.ts';

const hour = 3_600_000;
const refusedWith = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiProblem, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return true;
};

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
