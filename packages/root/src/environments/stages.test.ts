import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('environments have stages of their tenant, and selectors choose among them', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': '1' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  for (const [name, ring] of [
    ['acme/production', '1'],
    ['birch/production', '2'],
    ['acme/staging', '1'],
  ]) {
    const stage = name?.split('/')[1];
    await root.api('environmentCreate', {
      body: {
        name: name ?? '',
        yaml: `environment: ${name}\nstage: ${stage}\nlabels: { ring: '${ring}' }\n`,
      },
    });
  }
  const chosen = async (environments: string[], where?: string) => {
    const body = { kind: 'deploy' as const, product: 'shop', version: '1.0.0', environments, dryRun: true };
    const answer = await root.api('deploymentCreate', {
      body: where === undefined ? body : { ...body, where },
    });
    return answer.environments.map(({ name }) => name);
  };
  assert.deepEqual(await chosen(['*/*'], 'ring = 1 and stage = production'), ['acme/production']);
  assert.deepEqual(await chosen(['*/production']), ['acme/production', 'birch/production']);
  assert.deepEqual(await chosen(['*/*'], 'tenant = birch or name = acme/staging'), [
    'acme/staging',
    'birch/production',
  ]);
  await assert.rejects(chosen(['acme/*'], 'ring = 2'), { code: 'E_NOT_FOUND', message: /ring = 2/ });
  await assert.rejects(chosen(['*/*'], 'ring = '), { code: 'E_SELECTOR' });
  const { environments } = await root.api('environmentList', {});
  assert.deepEqual(
    environments.map(({ name, stage, labels }) => [name, stage, labels]),
    [
      ['acme/production', 'production', { ring: '1' }],
      ['acme/staging', 'staging', { ring: '1' }],
      ['birch/production', 'production', { ring: '2' }],
    ],
  );
});

test('a tenant orders its stages itself; what would leave an environment without one is refused', async (t) => {
  const root = await rootFixture(t);
  const create = (name: string, stage: string) =>
    root.api('environmentCreate', { body: { name, yaml: `environment: ${name}\nstage: ${stage}\n` } });
  const order = (...stages: string[]) =>
    root.api('tenantStages', { params: { tenant: 'acme' }, body: { stages } });
  await assert.rejects(order('dev', 'prod'), { code: 'E_NOT_FOUND' });
  await create('acme/live', 'production');
  await assert.rejects(create('acme/dev', 'dev'), {
    code: 'E_INPUT',
    message: /:2:8: stage: expected a stage of acme: development, test, staging, production/,
  });
  await assert.rejects(order('dev', 'test', 'prod'), { code: 'E_CONFLICT', message: /acme\/live/ });
  await assert.rejects(order('dev', 'production', 'dev'), { code: 'E_INPUT', message: /dev is named twice/ });
  assert.deepEqual((await order('dev', 'production')).stages, ['dev', 'production']);
  await create('acme/dev', 'dev');
  const { tenants } = await root.api('tenantList', {});
  assert.deepEqual(
    tenants.find(({ tenant }) => tenant === 'acme'),
    { tenant: 'acme', stages: ['dev', 'production'] },
  );
  const { entries } = await root.api('auditList', { query: {} });
  assert.ok(entries.some(({ entry }) => entry['what'] === 'tenant.stages'));
});
