import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const params = { tenant: 'acme', environment: 'production' };
const ofShop = { ...params, product: 'shop' };
const traffic = { component: 'edge', key: 'serving', label: 'color', groups: ['blue', 'green'] };
const yaml = (more: object = {}, edge: object = {}): string =>
  JSON.stringify({
    environment: 'acme/production',
    products: {
      edges: { components: { edge: { where: 'role = lb', ...edge } } },
      shop: { traffic: { ...traffic, ...more } },
    },
  });
const code = (wanted: string, message = /./) => ({ code: wanted, message });

/** An environment with two balancers that run `edge`, which can send traffic to blue and to green. */
async function fleet(t: TestContext) {
  const root = await rootFixture(t);
  const edges = await publisher(t, root, 'edges');
  await publisher(t, root, 'shop');
  const serving = { enum: ['blue', 'green'] };
  const document = {
    configSchema: { type: 'object', properties: { serving, port: {} } },
    configDefaults: { serving: 'blue' },
  };
  await edges.publish('edge', '1.0.0', { 'edge.map': '1' }, { document });
  await edges.release('1.0.0', { edge: '1.0.0' });
  await root.api('environmentCreate', { body: { name: 'acme/production', yaml: yaml() } });
  const { token } = await root.api('tokenCreate', {
    body: { environment: 'acme/production', uses: 9, labels: { role: 'lb' } },
  });
  const balancers = [
    await fakeHost(root, token, { name: 'lb-1' }),
    await fakeHost(root, token, { name: 'lb-2' }),
  ];
  const body = {
    kind: 'deploy' as const,
    product: 'edges',
    version: '1.0.0',
    environments: ['acme/production'],
  };
  await root.api('deploymentCreate', { body: { ...body, strategy: { kind: 'all-at-once' } } });
  const tuf = await tempFolder(t, 'tuf');
  const hear = async (host: FakeHost) => {
    const [assigned] = (await host.desiredState(join(tuf, host.id))).assignments;
    assert.ok(assigned !== undefined);
    return assigned;
  };
  /** A host hears of direction and does what it says. */
  const follow = async (...hosts: readonly FakeHost[]): Promise<void> => {
    for (const host of hosts) {
      const assigned = await hear(host);
      await host.report([{ ...assigned, configured: assigned.config }]);
    }
  };
  const shown = async () => {
    const [one] = (await root.api('trafficShow', { params })).traffic;
    assert.ok(one !== undefined);
    const { serving: is, number, done, applied, behind } = one;
    return [is, number, done, applied.map(({ name }) => name).sort(), behind.map(({ name }) => name).sort()];
  };
  const to = (group: string, number: number) =>
    root.api('trafficSwitch', {
      params: ofShop,
      body: { to: group, number, reason: 'The new version is well.' },
    });
  const save = async (text: string) => {
    const { version } = await root.api('environmentYaml', { params });
    return await root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml: text } });
  };
  return { root, balancers, hear, follow, shown, to, save };
}

test('a switch is directed, known from the balancers that report it, and outlives restarts and YAML', async (t) => {
  const { root, balancers, hear, follow, shown, to, save } = await fleet(t);
  const [one, two] = balancers as [FakeHost, FakeHost];
  assert.deepEqual((await hear(one)).config, { serving: 'blue' });
  assert.deepEqual(await shown(), ['blue', 0, false, [], ['lb-1', 'lb-2']]);
  await follow(one, two);
  assert.deepEqual(await shown(), ['blue', 0, true, ['lb-1', 'lb-2'], []]);

  const switched = await to('green', 0);
  assert.equal(switched.done, false);
  assert.equal(switched.switched?.reason, 'The new version is well.');
  assert.deepEqual(await shown(), ['green', 1, false, [], ['lb-1', 'lb-2']]);
  assert.deepEqual((await hear(one)).config, { serving: 'green' });
  await follow(one);
  assert.deepEqual(await shown(), ['green', 1, false, ['lb-1'], ['lb-2']]);
  await root.restart();
  await follow(two);
  assert.deepEqual(await shown(), ['green', 1, true, ['lb-1', 'lb-2'], []]);

  await save(yaml({}, { config: { serving: 'blue', port: 80 } }));
  assert.deepEqual((await hear(one)).config, { serving: 'green', port: 80 });
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  const { entry } = entries.find((line) => line.entry.what === 'traffic.switch') ?? {};
  assert.deepEqual(entry?.after, {
    product: 'shop',
    serving: 'green',
    number: 1,
    reason: 'The new version is well.',
    deployment: null,
  });
});

test('of two people at once the second is told, and what makes no sense changes nothing', async (t) => {
  const { root, shown, to } = await fleet(t);
  const both = await Promise.allSettled([to('green', 0), to('green', 0)]);
  const refused = both.filter((one) => one.status === 'rejected');
  assert.deepEqual(
    refused.map(({ reason }) => (reason as { code: string }).code),
    ['E_CONFLICT'],
  );
  await assert.rejects(to('red', 1), code('E_INPUT', /red is no group of shop.*: blue, green/));
  await to('green', 1);
  assert.deepEqual((await shown()).slice(0, 2), ['green', 1]);
  const body = { to: 'green', number: 0, reason: 'x' };
  const ofEdges = { ...params, product: 'edges' };
  await assert.rejects(
    root.api('trafficSwitch', { params: ofEdges, body }),
    code('E_INPUT', /no `traffic` for edges/),
  );
});

test('a switch there and back counts only once the balancers have heard of it', async (t) => {
  const { balancers, hear, follow, shown, to } = await fleet(t);
  await follow(...balancers);
  const [one] = balancers as [FakeHost];
  const before = await hear(one);
  await to('green', 0);
  await to('blue', 1);
  // The same again, but for what has a host that heard of both at once say so.
  const { config, switched } = await hear(one);
  assert.deepEqual([before.config, before.switched], [{ serving: 'blue' }, undefined]);
  assert.deepEqual([config, switched], [{ serving: 'blue' }, 2]);
  assert.deepEqual(await shown(), ['blue', 2, false, [], ['lb-1', 'lb-2']]);
  await follow(...balancers);
  assert.deepEqual(await shown(), ['blue', 2, true, ['lb-1', 'lb-2'], []]);
});

test('a balancer says why it is behind, one with a value of its own too, and a retired one is none', async (t) => {
  const { root, balancers, hear, follow, shown } = await fleet(t);
  const [one, two] = balancers as [FakeHost, FakeHost];
  await follow(one, two);
  const since = '2026-11-22T00:00:00Z' as never;
  const message = 'Outside of the window.';
  await hear(two);
  await two.report([], { waiting: [{ component: 'edge', code: 'E_WINDOW', message, since }] });
  const [first] = (await root.api('trafficShow', { params })).traffic;
  assert.deepEqual(
    first?.behind.map(({ name, why }) => [name, why]),
    [['lb-2', `E_WINDOW: ${message}`]],
  );
  await root.api('hostConfigure', {
    body: { select: { hosts: ['lb-1'] }, component: 'edge', set: { serving: 'green' } },
  });
  await one.report([{ ...(await hear(one)), configured: { serving: 'green' } }]);
  assert.deepEqual((await shown()).slice(2), [false, [], ['lb-1', 'lb-2']]);
  await root.api('hostRetire', { body: { select: { hosts: ['lb-1', 'lb-2'] } } });
  assert.deepEqual((await shown()).slice(2), [false, [], []]);
});

test('YAML can neither forget the group that serves nor name a key that is no switch', async (t) => {
  const { save, to } = await fleet(t);
  await assert.rejects(
    save(yaml({ key: 'port' })),
    code('E_CONFIG_INVALID', /traffic\.key: .*enum with blue and green/),
  );
  await assert.rejects(
    save(yaml({ groups: ['blue', 'red'] })),
    code('E_CONFIG_INVALID', /enum with blue and red/),
  );
  await to('green', 0);
  await assert.rejects(
    save(yaml({ groups: ['blue', 'red'], key: 'other', component: 'web' })),
    code('E_INPUT'),
  );
});
