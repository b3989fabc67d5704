import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { timeOf } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { personOf } from '../testing/person.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const hour = 3_600_000;
const name = 'acme/production';
const params = { tenant: 'acme', environment: 'production' };
const yaml = (policy = ''): string =>
  `environment: ${name}\nstage: production\nproducts:\n  shop: {}\n${policy}`;
const deploying = (version: string, more: object = {}) => ({
  kind: 'deploy' as const,
  product: 'shop',
  version,
  environments: [name],
  ...more,
});

/** Production runs 1.0.0 on hosts of two sites, and nothing of 2.0.0 stands in staging. */
async function production(t: TestContext) {
  const clock = shiftedClock(-48 * hour);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  await root.api('environmentCreate', { body: { name, yaml: yaml('policy: { after: none }\n') } });
  const { token } = await root.api('tokenCreate', { body: { environment: name, uses: 9 } });
  const sites = ['berlin', 'berlin', 'oslo', 'oslo', 'oslo'];
  const hosts = await Promise.all(sites.map((_, n) => fakeHost(root, token, { name: `web-${n}` })));
  for (const [n, host] of hosts.entries())
    await root.api('hostLabel', { body: { select: { hosts: [host.id] }, set: { site: sites[n] ?? '' } } });
  const folder = await tempFolder(t, 'tuf');
  const directed = async (n: number) => {
    const host = hosts[n] ?? assert.fail();
    return (await host.desiredState(`${folder}/${n}`)).assignments;
  };
  const begin = async (version: string, more: object = {}) =>
    (await root.api('deploymentCreate', { body: deploying(version, more) })).deployments[0] ?? assert.fail();
  const { id } = await begin('1.0.0');
  for (const [n, host] of hosts.entries()) await host.report(await directed(n));
  await waitUntil(
    async () => (await root.api('deploymentShow', { params: { id } })).state === 'succeeded',
    30_000,
  );
  const setPolicy = async (policy: string) => {
    const { version } = await root.api('environmentYaml', { params });
    await root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml: yaml(policy) } });
  };
  return { root, clock, hosts, directed, begin, setPolicy };
}

test('what is urgent and approved by another passes what it names, the stages before, and bakes nowhere', async (t) => {
  const { root, begin, setPolicy, directed } = await production(t);
  await root.api('environmentCreate', {
    body: {
      name: 'acme/staging',
      yaml: 'environment: acme/staging\nstage: staging\nproducts:\n  shop: {}\n',
    },
  });
  await setPolicy('policy:\n  approvals: [{ of: 2 }]\n  urgentApprovals: [{ any: [person/bob] }]\n');
  const said = { urgent: true, reason: 'A hole is open.', passes: ['freezes', 'locks'] };
  for (const more of [{ passes: ['locks'] }, { passes: ['locks'], urgent: true }, { ...said, urgent: false }])
    await assert.rejects(begin('2.0.0', more), { code: 'E_INPUT', message: /--urgent --reason/ });
  await assert.rejects(begin('2.0.0', said), { code: 'E_STAGE_ORDER' });

  const plan = await root.api('planCreate', { body: deploying('2.0.0', said) });
  const closed = (one: typeof plan) =>
    one.stages[0]?.environments[0]?.found.gates.filter(({ open }) => !open).map(({ gate }) => gate);
  assert.deepEqual(closed(plan), ['stage-order', 'approvals', 'override']);
  assert.deepEqual([plan.why, plan.passes], [said.reason, said.passes]);
  const start = () => root.api('planStart', { params: { id: plan.id }, body: {} });
  await root.api('planApprove', { params: { id: plan.id }, body: {} });
  await assert.rejects(start(), { code: 'E_STAGE_ORDER' }, 'its author alone is nobody else');
  const bob = await personOf(root, 'bob');
  await bob('planApprove', { params: { id: plan.id }, body: {} });
  await root.restart();
  const { deployments } = await start();
  const shown = await root.api('deploymentShow', { params: { id: deployments[0] ?? '' } });
  assert.deepEqual([shown.urgent, shown.passes], [true, said.passes]);
  assert.equal(shown.strategy.kind === 'canary' && shown.strategy.bakeSeconds, 0);
  const [assignment] = await directed(0);
  assert.deepEqual([assignment?.urgent, assignment?.passes], [true, said.passes]);
  const { entries } = await root.api('auditList', { query: { environment: name } });
  const own = entries.find(({ entry }) => entry.on === `deployment/${shown.id}`);
  assert.match(JSON.stringify(own), /A hole is open.*freezes.*locks/);
});

test('a closed gate is passed by force where another approved it, and no other gate', async (t) => {
  const { root, setPolicy } = await production(t);
  await setPolicy('policy: { change: required, health: { atLeast: 90% }, after: none }\n');
  const forces = ['change-ticket'];
  const planned = (more: object) => root.api('planCreate', { body: deploying('2.0.0', more) as never });
  await assert.rejects(planned({ forces }), { code: 'E_INPUT', message: /says why/ });
  const plan = await planned({ forces, reason: 'The board is at sea.' });
  const closed = async () => {
    await root.api('planRefresh', { params: { id: plan.id } });
    const { stages } = await root.api('planShow', { params: { id: plan.id } });
    return stages[0]?.environments[0]?.found.gates.filter(({ open }) => !open).map(({ gate }) => gate);
  };
  assert.deepEqual(await closed(), ['change-ticket', 'override']);
  const start = () => root.api('planStart', { params: { id: plan.id }, body: {} });
  await root.api('planApprove', { params: { id: plan.id }, body: {} });
  await assert.rejects(start(), { code: 'E_CHANGE_TICKET' });
  const bob = await personOf(root, 'bob');
  await bob('planApprove', { params: { id: plan.id }, body: {} });
  assert.equal((await start()).deployments.length, 1);

  await setPolicy('policy: { change: required, approvals: [{ of: 3 }], after: none }\n');
  const other = await planned({ forces, reason: 'The board is at sea.' });
  await bob('planApprove', { params: { id: other.id }, body: {} });
  await assert.rejects(root.api('planStart', { params: { id: other.id }, body: {} }), {
    code: 'E_APPROVAL_MISSING',
    message: /2 more people/,
  });
});

test('who has not come to it by the deadline is told of by site and reason, once, also over a restart', async (t) => {
  const { root, clock, hosts, directed, begin } = await production(t);
  const { id, deadline } = await begin('2.0.0', {
    urgent: true,
    reason: 'A hole is open.',
    deadlineSeconds: 4 * 3600,
    strategy: { kind: 'all-at-once' },
  });
  assert.equal(deadline?.told, false);
  const laggards = async (query: { by?: string } = {}) =>
    await root.api('deploymentLaggards', { params: { id }, query });
  await hosts[0]?.report(await directed(0));
  await hosts[2]?.report([], {
    waiting: [{ component: 'shop-web', code: 'E_LOCKED', message: 'It prints.', since: timeOf(clock.now()) }],
  });
  await waitUntil(async () => (await laggards()).total === 4, 30_000);
  const counted = (await laggards()).counts.map(({ value, reason, hosts: count }) => [value, reason, count]);
  assert.deepEqual(counted, [
    ['berlin', 'under way', 1],
    ['oslo', 'E_LOCKED', 1],
    ['oslo', 'under way', 2],
  ]);
  assert.deepEqual(
    (await laggards({ by: 'rack' })).hosts.map(({ value }) => value),
    [null, null, null, null],
  );
  const told = async () =>
    (await root.api('deploymentEvents', { params: { id }, query: {} })).events.filter(
      ({ kind }) => kind === 'deadline',
    );
  assert.deepEqual(await told(), []);
  clock.pass(5 * hour);
  await root.restart();
  await waitUntil(async () => (await told()).length === 1, 60_000);
  const [event] = await told();
  assert.match(event?.message ?? '', /4 hosts have not come to it: berlin 1 unseen, oslo 3 unseen\. /);
  await root.restart();
  await waitUntil(async () => (await root.api('deploymentShow', { params: { id } })).deadline?.told === true);
  assert.equal((await told()).length, 1);
});
