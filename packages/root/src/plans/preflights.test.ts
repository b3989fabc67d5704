import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JobReport, lookUpHost, type PreflightOrder, type Report, type Time } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import type { PlanPreflights } from '../api/schemas/plan-found.ts';
import { ApiProblem } from '../testing/api-client.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const place = { tenant: 'acme', environment: 'production' };
const since = '2026-11-21T03:28:06Z' as Time;
const knows: Partial<Report> = { knows: ['preflight'] };
const hook = { before: { preflight: { command: ['bin/look'], timeoutMs: 60_000 } } };
const refusedWith = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiProblem, String(error));
  assert.equal(error.code, 'E_PLAN_PREFLIGHT');
  assert.match(error.message, pattern);
  return true;
};

/** Hosts that run shop-web 1.0.0, and a plan for 2.0.0, which has a hook before its preflight. */
async function planned(t: Parameters<typeof rootFixture>[0], names: readonly string[], policy?: string) {
  const clock = shiftedClock(-6 * 3_600_000);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { a: '1' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  const document = { format: 'xylem-package-2' as const, needs: ['hooks'], hooks: hook };
  const digest = await shop.publish('shop-web', '2.0.0', { a: '2' }, { document });
  await shop.release('2.0.0', { 'shop-web': '2.0.0' });
  const { id } = await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 9 } });
  const hosts = await Promise.all(names.map((name) => fakeHost(root, token, { name })));
  const environments = ['acme/production'];
  const { deployments } = await root.api('deploymentCreate', {
    body: {
      kind: 'deploy',
      product: 'shop',
      version: '1.0.0',
      environments,
      strategy: { kind: 'all-at-once' },
    },
  });
  const folder = await tempFolder(t, 'tuf');
  const first = hosts[0] ?? assert.fail();
  const { assignments } = await first.desiredState(folder);
  for (const host of hosts) await host.report(assignments, knows);
  await waitUntil(
    async () =>
      (await root.api('deploymentShow', { params: { id: deployments[0]?.id ?? '' } })).state === 'succeeded',
  );
  if (policy !== undefined) {
    const { version, yaml } = await root.api('environmentYaml', { params: place });
    await root.api('environmentYamlPut', {
      params: place,
      body: { baseVersion: version, yaml: `${yaml}\npolicy: ${policy}\n` },
    });
  }
  const plan = async (more: { forces?: 'preflight'[]; reason?: string } = {}) =>
    await root.api('planCreate', {
      body: { kind: 'deploy', product: 'shop', version: '2.0.0', environments, ...more },
    });
  const orders = async (host: FakeHost): Promise<readonly PreflightOrder[]> => {
    const state = await first.desiredState(folder);
    const node = async (of: string): Promise<Uint8Array> => (await first.get(`/o/${id}/${of}`)).body;
    return (await lookUpHost(state.hostMap, host.id, node))?.preflight ?? [];
  };
  const says = async (host: FakeHost, result: Partial<JobReport['result'] & object>): Promise<void> => {
    const jobs = (await orders(host)).map(
      (order): JobReport => ({
        ...order,
        job: 'preflight',
        state: 'ended',
        since,
        result: {
          outcome: 'passed',
          exitCode: 0,
          seconds: 1,
          output: { text: 'looked\n', sizeBytes: 7 },
          ...result,
        },
      }),
    );
    await host.report(undefined, { ...knows, jobs });
  };
  const ask = (plan: string, body: { where?: string; hosts?: number } = {}) =>
    root.api('planPreflight', { params: { id: plan }, body });
  const said = async (plan: string): Promise<PlanPreflights> =>
    (await root.api('planShow', { params: { id: plan } })).stages[0]?.environments[0]?.preflights ??
    assert.fail('no host was asked');
  const start = (plan: string) => root.api('planStart', { params: { id: plan }, body: {} });
  return { root, clock, shop, hosts, digest, plan, orders, says, ask, said, start, folder };
}

const noLicence = {
  outcome: 'failed',
  exitCode: 4,
  code: 'E_HOOK_FAILED',
  message: 'its hook before preflight ended with 4. It said: no licence',
} as const;

test('hosts look beforehand; a failure that comes after the approval keeps the plan from beginning', async (t) => {
  const { root, hosts, digest, plan, orders, says, ask, said, start, folder } = await planned(t, [
    'a',
    'b',
    'old',
  ]);
  const [a, b, old] = hosts as [FakeHost, FakeHost, FakeHost];
  await old.report();
  const made = await plan();
  assert.equal(made.stages[0]?.environments[0]?.preflights, null);
  const state = await a.desiredState(folder);
  const asked = await ask(made.id);
  assert.equal(asked.digest, made.digest);
  const directed = await a.desiredState(folder);
  const packages = state.assignments.map((one) => one.package);
  assert.deepEqual(
    directed.assignments.map((one) => one.package),
    [...packages, digest],
    'what is directed stays as it is',
  );
  const last = directed.assignments.at(-1);
  assert.deepEqual([last?.package, last?.version, last?.cohort?.atMost], [digest, '2.0.0', '0'.repeat(64)]);
  assert.deepEqual(
    (await orders(a)).map(({ component, package: of }) => [component, of]),
    [['shop-web', digest]],
  );
  assert.deepEqual(await orders(old), [], 'an agent that does not know it is not asked');

  await says(a, {});
  await root.restart();
  const half = await said(made.id);
  assert.deepEqual(half.counts, { failed: 0, unable: 1, silent: 0, asked: 1, unasked: 0, passed: 1 });
  assert.deepEqual(
    half.words.map(({ name, outcome, code }) => [name, outcome, code]),
    [
      ['old', 'unable', 'E_FORMAT_UNSUPPORTED'],
      ['b', 'asked', null],
    ],
  );
  await root.api('planApprove', { params: { id: made.id }, body: { digest: made.digest } });

  await says(b, noLicence);
  const shown = await root.api('planShow', { params: { id: made.id } });
  assert.deepEqual(
    [shown.digest, shown.approvals.length],
    [made.digest, 1],
    'no fact, and no word, has changed',
  );
  await assert.rejects(
    start(made.id),
    refusedWith(/1 failed, 1 could not say.*b, shop-web: its hook.*no licence/),
  );

  // Who passed is not asked again.
  const [before] = await orders(a);
  await ask(made.id);
  assert.deepEqual(await orders(a), [before]);
  await says(b, {});
  assert.equal((await said(made.id)).counts.failed, 0);
  const { deployments } = await start(made.id);
  assert.equal(deployments.length, 1, 'it was the only closed gate');
  assert.equal((await orders(a)).length, 1, 'what was fetched is needed now');
  const { runs } = await root.api('jobList', { query: {} });
  assert.deepEqual(runs, [], 'they are no jobs of what is installed');
  await root.api('planStop', { params: { id: made.id }, body: { reason: 'enough' } });
  await root.restart();
  await waitUntil(async () => (await orders(a)).length === 0, 30_000, 'the orders to go with the plan');
  assert.equal((await said(made.id)).counts.passed, 2, 'the account stays');
});

/** One after the other: they are read with one TUF client's state. */
async function ordersOf(
  hosts: readonly FakeHost[],
  orders: (host: FakeHost) => Promise<readonly PreflightOrder[]>,
) {
  const all: (readonly PreflightOrder[])[] = [];
  for (const host of hosts) all.push(await orders(host));
  return all;
}

test('who does not answer is silent after an hour, a late answer counts, and a sample asks so many', async (t) => {
  const { root, clock, hosts, plan, orders, says, ask, said } = await planned(t, ['a', 'b', 'c']);
  const made = await plan();
  await ask(made.id, { hosts: 1 });
  const standing = await ordersOf(hosts, orders);
  const [asked] = hosts.filter((_, i) => (standing[i] ?? []).length > 0);
  assert.equal(standing.flat().length, 1);
  await ask(made.id, { hosts: 1 });
  assert.deepEqual(
    (await Promise.all(hosts.map(orders))).flat(),
    standing.flat(),
    'the same one, asked once',
  );
  clock.pass(3_600_000 + 61_000);
  await root.restart();
  await waitUntil(async () => (await said(made.id)).counts.silent === 1, 30_000, 'it to be silent');
  await says(asked ?? assert.fail(), noLicence);
  assert.deepEqual((await said(made.id)).counts, {
    failed: 1,
    unable: 0,
    silent: 0,
    asked: 0,
    unasked: 0,
    passed: 0,
  });
});

test('where policy demands it hosts are asked with the plan, and nothing begins before all passed, but by force', async (t) => {
  const { root, hosts, plan, says, said, start } = await planned(t, ['a', 'b'], '{ preflight: required }');
  const [a, b] = hosts as [FakeHost, FakeHost];
  const body = {
    kind: 'deploy' as const,
    product: 'shop',
    version: '2.0.0',
    environments: ['acme/production'],
  };
  await assert.rejects(root.api('deploymentCreate', { body }), refusedWith(/Plan it/));
  const made = await plan();
  assert.equal((await said(made.id)).counts.asked, 2);
  await says(a, {});
  await assert.rejects(start(made.id), refusedWith(/1 of 2 hosts passed, 1 have not answered yet/));
  await says(b, { outcome: 'refused', exitCode: null, code: 'E_DISK_FULL', message: 'It needs more room.' });
  await assert.rejects(start(made.id), refusedWith(/1 could not say\. b, shop-web: It needs more room\./));
  const forced = await plan({ forces: ['preflight'], reason: 'b gets its room tonight' });
  assert.notEqual(forced.digest, made.digest);
  await assert.rejects(start(forced.id), { code: 'E_PLAN_PREFLIGHT' }, 'force is the word of two');
});

test('where policy demands it a channel asks the hosts by a plan of its own, and begins when all passed', async (t) => {
  const { root, shop, hosts, orders, says, ask, said } = await planned(
    t,
    ['a', 'b'],
    '{ preflight: required }',
  );
  const [a, b] = hosts as [FakeHost, FakeHost];
  await shop.setChannel('stable', '2.0.0');
  const { version, yaml } = await root.api('environmentYaml', { params: place });
  const following = yaml.replace(/shop: *\{\}/, 'shop: { channel: stable }');
  await root.api('environmentYamlPut', { params: place, body: { baseVersion: version, yaml: following } });
  const { plans } = await root.api('planList', { query: {} });
  const [made] = plans;
  assert.deepEqual([plans.length, made?.by, made?.version], [1, 'channel/shop/stable', '2.0.0']);
  const id = made?.id ?? '';
  assert.equal((await said(id)).counts.asked, 2);
  await says(a, {});
  await says(b, noLicence);
  const [given] = await orders(b);
  await root.restart();
  assert.deepEqual(await orders(b), [given], 'who failed is asked again by people alone');
  const [waits] = (await root.api('environmentShow', { params: place })).waiting;
  assert.equal(waits?.code, 'E_PLAN_PREFLIGHT');
  assert.match(waits?.reason ?? '', new RegExp(`b, shop-web: .*no licence.*xylem plan preflight ${id}`));

  await ask(id);
  await says(b, {});
  await root.restart();
  const { deployments } = await root.api('deploymentList', { query: {} });
  assert.deepEqual(
    [deployments[0]?.version, deployments[0]?.state, deployments[0]?.plan?.id],
    ['2.0.0', 'running', id],
  );
});
