import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { ApiProblem } from '../testing/api-client.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { personOf } from '../testing/person.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const refusedWith = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiProblem, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return true;
};
const environments = ['acme/production'];
const place = { tenant: 'acme', environment: 'production' };

async function shopInProduction(t: Parameters<typeof rootFixture>[0], hosts: readonly string[]) {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version, 'same.txt': 'x'.repeat(50_000) });
    await shop.release(version, { 'shop-web': version });
  }
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 9 } });
  const joined = (name: string) => fakeHost(root, token, { name });
  const all = await Promise.all(hosts.map(joined));
  const folder = await tempFolder(t, 'tuf');
  const follow = async () => {
    for (const host of all)
      await host.report((await host.desiredState(`${folder}/${host.id}`)).assignments.slice(0, 1));
  };
  const deploy = async (version: string) => {
    const body = { kind: 'deploy' as const, product: 'shop', version, environments };
    const { deployments } = await root.api('deploymentCreate', {
      body: { ...body, strategy: { kind: 'all-at-once' } },
    });
    await follow();
    const id = deployments[0]?.id ?? '';
    await waitUntil(async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded');
  };
  const plan = (version: string) =>
    root.api('planCreate', { body: { kind: 'deploy', product: 'shop', version, environments } });
  const setYaml = async (yaml: string) => {
    const { version } = await root.api('environmentYaml', { params: place });
    await root.api('environmentYamlPut', { params: place, body: { baseVersion: version, yaml } });
  };
  return { root, clock, shop, hosts: all, joined, follow, deploy, plan, setYaml };
}

test('a plan says what changes, is started once, and the deployment names it', async (t) => {
  const { root, deploy, plan, joined } = await shopInProduction(t, ['web-1', 'web-2', 'web-3']);
  await deploy('1.0.0');
  const made = await plan('2.0.0');
  const found = made.stages[0]?.environments[0]?.found ?? assert.fail();
  assert.deepEqual(found.changes, [{ component: 'shop-web', from: '1.0.0', to: '2.0.0', hosts: 3 }]);
  assert.equal(found.hosts.changing, 3);
  assert.equal(found.back.to, '1.0.0');
  assert.ok((found.bytes.likely ?? Infinity) < (found.bytes.whole ?? 0), JSON.stringify(found.bytes));
  assert.ok(found.gates.every(({ open }) => open));
  assert.equal(found.time.rounds, 3);
  assert.ok(found.time.seconds !== null);
  const page = await root.api('planHosts', { params: { id: made.id }, query: { limit: '2' } });
  assert.deepEqual(
    page.changes.map(({ name }) => name),
    ['web-1', 'web-2'],
  );
  const rest = await root.api('planHosts', { params: { id: made.id }, query: { after: page.after ?? '' } });
  assert.deepEqual([rest.changes.map(({ name }) => name), rest.after], [['web-3'], null]);

  // A host that comes, and one that only reports again, are no facts.
  await joined('web-4');
  await root.restart();
  const two = await Promise.allSettled(
    [1, 2].map(() => root.api('planStart', { params: { id: made.id }, body: {} })),
  );
  const begun = two.flatMap((one) => (one.status === 'fulfilled' ? one.value.deployments : []));
  assert.equal(begun.length, 1);
  for (const one of two)
    if (one.status === 'rejected') refusedWith('E_PLAN_STATE', /was started by/)(one.reason);
  const deployment = await root.api('deploymentShow', { params: { id: begun[0] ?? '' } });
  assert.deepEqual(deployment.plan, { id: made.id, digest: made.digest });
  const shown = await root.api('planShow', { params: { id: made.id } });
  assert.equal(shown.state, 'started');
  assert.deepEqual(
    shown.deployments.map(({ id }) => id),
    begun,
  );
});

test('a plan whose facts changed is not started; a refresh asks again', async (t) => {
  const { root, clock, deploy, plan, setYaml, hosts } = await shopInProduction(t, ['web-1', 'web-2']);
  await deploy('1.0.0');
  const made = await plan('3.0.0');
  const start = (body: { digest?: string } = {}) => root.api('planStart', { params: { id: made.id }, body });
  await root.api('planApprove', { params: { id: made.id }, body: { digest: made.digest } });
  await assert.rejects(start({ digest: 'f'.repeat(16) }), refusedWith('E_PLAN_CHANGED', /has the digest/));

  await deploy('2.0.0');
  await assert.rejects(
    start(),
    refusedWith('E_PLAN_CHANGED', /products\.shop\.settled was 1\.0\.0 and is 2\.0\.0/),
  );
  const refreshed = await root.api('planRefresh', { params: { id: made.id } });
  assert.equal(refreshed.changed, true);
  assert.equal(refreshed.plan.number, 2);
  assert.notEqual(refreshed.plan.digest, made.digest);
  assert.deepEqual(refreshed.plan.approvals, []);
  assert.equal((await root.api('planRefresh', { params: { id: made.id } })).changed, false);

  // One host that runs what nobody else does is a fact.
  const state = await root.api('hostShow', { params: { host: hosts[0]?.id ?? '' } });
  const component = state.components[0] ?? assert.fail();
  await hosts[0]?.report([
    {
      component: 'shop-web',
      product: 'shop',
      package: component.package as never,
      version: '0.9.0' as never,
    },
  ]);
  await assert.rejects(
    start(),
    refusedWith('E_PLAN_CHANGED', /components\.shop-web\.runs was 2\.0\.0 and is 0\.9\.0, 2\.0\.0/),
  );
  await hosts[0]?.report([
    {
      component: 'shop-web',
      product: 'shop',
      package: component.package as never,
      version: '2.0.0' as never,
    },
  ]);
  await setYaml('environment: acme/production\nproducts:\n  shop: {}\npolicy:\n  maxUnavailable: 2\n');
  await assert.rejects(start(), refusedWith('E_PLAN_CHANGED', /spec\.policy/));
  await root.api('planRefresh', { params: { id: made.id } });
  clock.pass(8 * 86_400_000);
  await assert.rejects(start(), refusedWith('E_PLAN_EXPIRED', /refresh/));
});

test('where approvals are demanded nothing begins without them, and the author alone is not enough', async (t) => {
  const { root, deploy, plan, setYaml } = await shopInProduction(t, ['web-1']);
  await deploy('1.0.0');
  const yaml = (more: string) => `environment: acme/production\nproducts:\n  shop: {}\n${more}`;
  await setYaml(yaml('policy:\n  approvals:\n    - any: [person/bob]\n  fourEyes: true\n'));
  const bob = await personOf(root, 'bob');
  const eve = await personOf(root, 'eve', 'operator');
  const body = { kind: 'deploy' as const, product: 'shop', version: '2.0.0', environments };
  await assert.rejects(
    root.api('deploymentCreate', { body: { ...body, urgent: true } }),
    refusedWith('E_APPROVAL_MISSING', /one of person\/bob.*xylem plan shop@2\.0\.0 --to acme\/production/),
  );
  const { version } = await root.api('environmentYaml', { params: place });
  const without = { baseVersion: version, yaml: yaml('') };
  await assert.rejects(
    eve('environmentYamlPut', { params: place, body: without }),
    refusedWith('E_FORBIDDEN', /approvals/),
  );
  const named = {
    baseVersion: version,
    yaml: (await root.api('environmentYaml', { params: place })).yaml.replace(
      'shop: {}',
      'shop: { release: 2.0.0 }',
    ),
  };
  await assert.rejects(
    root.api('environmentYamlPut', { params: place, body: named }),
    refusedWith('E_APPROVAL_MISSING', /nothing was saved/),
  );

  const own = await bob('planCreate', { body });
  await bob('planApprove', { params: { id: own.id }, body: {} });
  const start = (id: string) => root.api('planStart', { params: { id }, body: {} });
  const wanted = { kind: 'webhook' as const, url: 'http://127.0.0.1:9/', topics: ['plan.*'], scope: 'acme' };
  await root.api('subscriptionCreate', { body: wanted });
  const told = async (id: string) =>
    (await root.api('deliveryList', { query: {} })).deliveries
      .filter(({ subject }) => subject === `plan/${id}`)
      .map(({ topic, message }) => ({ topic, message }));
  await assert.rejects(start(own.id), refusedWith('E_APPROVAL_MISSING', /other than person\/bob/));

  const made = await plan('2.0.0');
  const [waits, ...others] = await told(made.id);
  assert.deepEqual([waits?.topic, others], ['plan.waits', []]);
  assert.match(
    waits?.message ?? '',
    /waits for approvals: one of person\/bob .*xylem plan approve p-\w+ --digest \w{12} - it would change 1 host in 1 environment: shop-web 1\.0\.0 to 2\.0\.0\.$/,
  );
  const gate = made.stages[0]?.environments[0]?.found.gates.filter(({ open }) => !open);
  assert.deepEqual(
    gate?.map(({ gate: name }) => name),
    ['approvals'],
  );
  await assert.rejects(
    eve('planApprove', { params: { id: made.id }, body: {} }),
    refusedWith('E_FORBIDDEN', /approve/),
  );
  await root.api('planApprove', { params: { id: made.id }, body: {} });
  await assert.rejects(start(made.id), refusedWith('E_APPROVAL_MISSING', /person\/bob/));
  const approved = await bob('planApprove', {
    params: { id: made.id },
    body: { digest: made.digest.slice(0, 12) },
  });
  assert.deepEqual(approved.stages[0]?.environments[0]?.missing, []);
  const topics = async (id: string) => (await told(id)).map(({ topic }) => topic).sort();
  assert.deepEqual(await topics(made.id), ['plan.approved', 'plan.waits']);
  await root.restart();
  assert.equal((await start(made.id)).deployments.length, 1);
  // The way back asks nobody.
  const back = { kind: 'rollback' as const, product: 'shop', environments };
  assert.equal((await root.api('deploymentCreate', { body: back })).deployments.length, 1);

  const refused = await plan('3.0.0');
  await bob('planRefuse', { params: { id: refused.id }, body: { reason: 'not now' } });
  await assert.rejects(start(refused.id), refusedWith('E_PLAN_STATE', /refused by bob: not now/));
  await root.api('planRefresh', { params: { id: refused.id } });
  assert.deepEqual(await topics(refused.id), ['plan.refused', 'plan.waits', 'plan.waits'], 'it asks again');
});
