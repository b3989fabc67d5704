import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AfterSeen, type AfterWatch, lookAfter, type ProbeReport, timeOf } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { replaysWatch } from '../testing/replays.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const place = { tenant: 'acme', environment: 'production' };
const name = 'acme/production';
const own = {
  name: 'own',
  url: 'http://10.1.2.3/health',
  from: 'hosts',
  where: 'role = web',
  expect: { contains: 'ok' },
};

test('what hosts ask is directed to them, shown, and takes a release back that breaks it on too many of them', async (t) => {
  const clock = shiftedClock(-24 * 3600_000);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('web', version, { a: version });
    await shop.release(version, { web: version });
  }
  const policy = {
    watch: { seconds: 600, onFail: 'rollback' },
    strategy: { kind: 'all-at-once' },
    maxUnavailable: 2,
    verify: [own],
  };
  const yaml = JSON.stringify({ environment: name, products: { shop: {} }, policy });
  await root.api('environmentCreate', { body: { name, yaml } });
  const join = async (called: string, role: string) => {
    const body = { environment: name, labels: { role } };
    const { token } = await root.api('tokenCreate', { body });
    return await fakeHost(root, token, { name: called });
  };
  const hosts = [
    await join('a', 'web'),
    await join('b', 'web'),
    await join('c', 'web'),
    await join('d', 'db'),
  ];
  const folder = await tempFolder(t, 'tuf');
  const show = (id: string) => root.api('deploymentShow', { params: { id } });
  const shown = async () => {
    const { onHosts: [one] = [] } = await root.api('environmentVerify', { params: place });
    return one ?? assert.fail();
  };
  /** Each does what it is told, and says what it sees. */
  const obey = async (states: readonly (ProbeReport['state'] | null)[], isAsked = true) => {
    for (const [index, host] of hosts.entries()) {
      const { assignments, policy: directed } = await host.desiredState(`${folder}/${host.id}`);
      const { of = '' } = directed.verify?.[0] ?? {};
      const state = states[index] ?? null;
      const at = timeOf(clock.now() + (isAsked ? 2000 : -60_000));
      const probes =
        state === null ? [] : [{ name: 'own', of, state, reason: `it is ${state}`, since: at, at }];
      await host.report(assignments.slice(0, 1), { probes });
    }
  };
  const deploy = async (version: string, states: Parameters<typeof obey>[0]) => {
    const body = { kind: 'deploy' as const, product: 'shop', version, environments: [name] };
    const { deployments } = await root.api('deploymentCreate', { body });
    const id = deployments[0]?.id ?? assert.fail();
    await waitUntil(async () => {
      await obey(states);
      return (await show(id)).state === 'succeeded';
    }, 60_000);
    return id;
  };
  const [first = assert.fail()] = hosts;
  const { policy: directed } = await first.desiredState(`${folder}/${first.id}`);
  const { of, ...said } = directed.verify?.[0] ?? assert.fail();
  assert.match(of, /^[0-9a-f]{16}$/);
  assert.deepEqual({ ...said, from: 'hosts' }, own);

  assert.deepEqual(await shown(), {
    name: 'own',
    url: own.url,
    state: 'silent',
    hosts: 3,
    passed: 0,
    failing: 0,
    unreached: 0,
    silent: 3,
    others: hosts.slice(0, 3).map(({ id }, index) => {
      return { host: id, name: 'abc'[index], state: 'silent', reason: '' };
    }),
  });
  await obey(['pass', 'pass', 'fail']);
  const mixed = await shown();
  assert.deepEqual(
    [mixed.state, mixed.passed, mixed.failing, mixed.others.map(({ name: on, reason }) => [on, reason])],
    ['fail', 2, 1, [['c', 'it is fail']]],
  );
  const plan = await root.api('planCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: [name] },
  });
  const gate = plan.stages[0]?.environments[0]?.found.gates.find((one) => one.gate === 'probes');
  assert.equal(gate?.saw, 'own passes on 2 of 3 hosts that ask it.');

  // One that failed before is not held against it; of what passed, one may fail, as `maxUnavailable` says.
  const old = await deploy('1.0.0', ['pass', 'fail', 'fail']);
  const seen = await waitUntil(async () => (await show(old)).watch?.onHosts?.[0], 60_000);
  assert.deepEqual(
    { ...seen, reason: null },
    { name: 'own', hosts: 3, held: 2, failing: 1, unknown: 0, mostFailing: 1, reason: null },
  );
  assert.equal((await show(old)).watch?.failed, 1);
  clock.pass(601_000);
  await obey(['pass', 'pass', 'pass']);
  await waitUntil(async () => (await show(old)).watch?.state === 'passed', 60_000);

  const second = await deploy('2.0.0', ['pass', 'pass', 'pass']);
  // What was seen before the change says nothing of it.
  await obey(['fail', 'fail', 'pass'], false);
  await waitUntil(async () => (await show(second)).watch?.onHosts?.[0]?.unknown === 3, 60_000);
  await obey(['fail', 'fail', 'pass']);
  await waitUntil(async () => (await show(second)).watch?.onHosts?.[0]?.failing === 2, 60_000);
  await root.restart();
  clock.pass(61_000);
  await obey(['fail', 'fail', 'pass']);
  const failed = await waitUntil(async () => {
    const { watch } = await show(second);
    return watch?.state === 'failed' ? watch : null;
  }, 60_000);
  assert.match(failed.reason ?? '', /^After it had succeeded (the probe own fails on )?2 hosts of /);
  const { events } = await root.api('deploymentEvents', { params: { id: second } });
  const end = events.find(({ kind }) => kind === 'watch-failed') ?? assert.fail();
  const known = end.details as { watch: AfterWatch; seen: AfterSeen; at: number; hosts: string[] };
  assert.deepEqual(lookAfter(known.watch, known.seen, known.at), { kind: 'failed', reason: end.message });
  assert.equal((await replaysWatch(root, second)).state, 'failed');
  assert.deepEqual(
    known.hosts.sort(),
    hosts
      .slice(0, 2)
      .map(({ id }) => id)
      .sort(),
  );
  await waitUntil(async () => {
    const { deployments } = await root.api('deploymentList', { query: { product: 'shop' } });
    return deployments.some(
      ({ kind, createdBy }) => kind === 'rollback' && createdBy === `deployment/${second}`,
    );
  }, 60_000);
});
