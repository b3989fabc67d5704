import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Digest, noRingRecorded, replayedRing, standsAfter, timeOf } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { receiver } from '../testing/receiver.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const minute = 60_000;
const patience = 60_000;

/** Tenants with two hosts each, which run 1.0.0; who wants to know is told when a plan asks. */
async function tenants(t: TestContext, names: readonly string[]) {
  const clock = shiftedClock(-20 * 24 * 60 * minute);
  const root = await rootFixture(t, { clock });
  const { api } = root;
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  const folder = await tempFolder(t, 'tuf');
  const hosts = new Map<string, readonly FakeHost[]>();
  for (const name of names) {
    const environment = `${name}/production`;
    await api('environmentCreate', { body: { name: environment } });
    const own: FakeHost[] = [];
    for (const number of [1, 2]) {
      const { token } = await api('tokenCreate', { body: { environment } });
      own.push(await fakeHost(root, token, { name: `web-${number}` }));
    }
    hosts.set(name, own);
  }
  /** Its hosts do what is asked of them; the first may say that it failed. */
  const follow = async (name: string, how: 'well' | 'one fails' = 'well') => {
    for (const [index, host] of (hosts.get(name) ?? []).entries()) {
      const { assignments } = await host.desiredState(`${folder}/${name}-${index}`);
      const components = assignments.map(({ component, product, package: digest, version }) => ({
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
      await host.report(assignments, how === 'one fails' && index === 0 ? { components } : {});
    }
  };
  const last = async (name: string) => {
    const query = { environment: `${name}/production`, limit: '1' };
    return (await api('deploymentList', { query })).deployments[0];
  };
  const becomes = async (name: string, version: string, state: string) => {
    const is = async () => {
      const found = await last(name);
      return found?.version === version && found.state === state;
    };
    await waitUntil(is, patience, `${version} is ${state} in ${name}`);
  };
  const succeed = async (name: string, version: string) => {
    await becomes(name, version, 'running');
    const isOver = async () => {
      await follow(name);
      return (await last(name))?.state === 'succeeded';
    };
    await waitUntil(isOver, patience, `${version} succeeds in ${name}`);
  };
  const body = { kind: 'deploy' as const, product: 'shop', version: '1.0.0' };
  await api('deploymentCreate', {
    body: {
      ...body,
      environments: names.map((name) => `${name}/production`),
      strategy: { kind: 'all-at-once' },
    },
  });
  for (const name of names) await succeed(name, '1.0.0');
  const told = await receiver(t);
  const wanted = { kind: 'webhook' as const, url: told.url, topics: ['plan.*'], scope: '*' };
  await api('subscriptionCreate', { body: wanted });
  const show = (id: string) => api('planShow', { params: { id } });
  const plan = async (yaml: string) => {
    const { id } = await api('planCreateFile', { body: { yaml, file: 'plan.yaml' } });
    await api('planStart', { params: { id }, body: {} });
    return id;
  };
  const planIs = async (id: string, state: string) => {
    await waitUntil(async () => (await show(id)).state === state, patience, `the plan is ${state}`);
    return await show(id);
  };
  /** Looks again at every record by which the ring of a stage was judged. @returns how many */
  const replay = async (id: string, stage: number): Promise<number> => {
    const name = (await show(id)).stages[stage]?.name ?? assert.fail();
    const { records, state } = await api('planEvidence', { params: { id }, query: { stage: name } });
    let recorded = noRingRecorded;
    for (const { document } of records) {
      const next = replayedRing(recorded, document);
      if (typeof next === 'string') assert.fail(next);
      recorded = next.after;
    }
    assert.ok(standsAfter(recorded, state ?? ''));
    const { entries } = await api('auditList', { query: { on: `plan/${id}`, order: 'newest', limit: '1' } });
    const said = entries[0]?.entry.after as { rings?: Record<string, unknown> } | undefined;
    assert.deepEqual(said?.rings?.[name], { records: recorded.number, evidence: recorded.digest });
    return records.length;
  };
  return { root, api, clock, follow, last, becomes, succeed, show, plan, planIs, replay, told };
}

test('a ring of many tenants asks once, and goes on by a word', async (t) => {
  const shops = await tenants(t, ['ada', 'bob', 'cy', 'later']);
  const { root, api, clock, follow, last, becomes, succeed, show, plan, planIs } = shops;
  const id = await plan(`release: shop@2.0.0
strategy: { kind: all-at-once }
atOnce: 100%
stages:
  - name: few
    to: [ada/production, bob/production, cy/production]
    verdict: { bake: 10m, minimumExposure: 30 }
  - { name: rest, to: later/production }
`);
  const few = ['ada', 'bob', 'cy'];
  for (const name of few) await becomes(name, '2.0.0', 'running');
  const bakes = async () => {
    for (const name of few) await follow(name);
    return !/updating|to come/.test((await show(id)).stages[0]?.standing?.ring?.reason ?? 'updating');
  };
  await waitUntil(bakes, patience, 'all hosts run it');
  clock.pass(11 * minute);
  await root.restart();
  for (const name of few) await becomes(name, '2.0.0', 'succeeded');
  assert.equal((await show(id)).state, 'started', 'silence would not have been noticed yet');
  clock.pass(16 * minute);
  await root.restart();
  const asking = await planIs(id, 'paused');
  assert.match(
    asking.ended?.reason ?? '',
    /^few: 6 hosts baked .* No data: 30 hosts must have baked and 6 have/,
  );
  const { ring } = asking.stages[0]?.standing ?? {};
  assert.deepEqual([ring?.verdict, ring?.baked, ring?.failed], ['no data', 6, 0]);
  await root.restart();
  const asks = () => shops.told.received.filter(({ notification }) => notification.type === 'plan.asks');
  await waitUntil(() => Promise.resolve(asks().length > 0), patience, 'it is told');
  assert.equal((await last('later'))?.version, '1.0.0');

  await api('planResume', { params: { id }, body: { reason: 'seen' } });
  await becomes('later', '2.0.0', 'running');
  assert.equal((await show(id)).stages[0]?.standing?.state, 'passed');
  await succeed('later', '2.0.0');
  await planIs(id, 'finished');
  assert.equal(asks().length, 1);
  assert.ok((await shops.replay(id, 0)) >= 3);
});

test('one host in each of some tenants stops a ring, though no deployment would stop, and what came goes back', async (t) => {
  const names = ['ada', 'bob', 'cy', 'dan', 'eve', 'fay'];
  const shops = await tenants(t, names);
  const { root, follow, last, becomes, succeed, show, plan, planIs } = shops;
  const id = await plan(`release: shop@2.0.0
strategy: { kind: all-at-once }
to: '*/production'
verdict: { bake: 10m, alpha: 0.5 }
onFail: rollback
atOnce: 2
`);
  const begun: string[] = [];
  for (const name of names) if ((await last(name))?.version === '2.0.0') begun.push(name);
  const [first = '', second = ''] = begun;
  assert.equal(begun.length, 2);
  for (const name of begun) await becomes(name, '2.0.0', 'running');
  const counts = async () => {
    await follow(first, 'one fails');
    return (await show(id)).stages[0]?.standing?.ring?.exposedFailed === 1;
  };
  await waitUntil(counts, patience, 'the first failure counts');
  await root.restart();
  assert.deepEqual([(await show(id)).state, (await last(first))?.state], ['started', 'running']);
  const stops = async () => {
    await follow(second, 'one fails');
    return (await show(id)).state === 'stopped';
  };
  await waitUntil(stops, patience, 'the second failure stops it');
  const stopped = await planIs(id, 'stopped');
  assert.match(
    stopped.ended?.reason ?? '',
    /^\S+ failed: .* of environments 2 of 2 failed after their turn and 0 of 6 before it .*: worse than it may be$/,
  );
  for (const name of begun)
    await waitUntil(async () => (await last(name))?.kind === 'rollback', patience, `${name} goes back`);
  for (const name of names.filter((one) => !begun.includes(one)))
    assert.equal((await last(name))?.version, '1.0.0');
  assert.ok((await shops.replay(id, 0)) >= 3);
  // No deployment failed by itself: what needs a person is the plan, until something later came wherever it had.
  const incident = async () =>
    (await root.api('incidentList', { query: { kind: 'plan-failed' } })).incidents[0];
  const opened = await waitUntil(incident, patience);
  assert.deepEqual([opened.environment, opened.product, opened.holding], [null, 'shop', 1]);
  await succeed(first, '1.0.0');
  await root.restart();
  assert.equal((await incident())?.recovered, null, `${second} has not gone back yet`);
  await succeed(second, '1.0.0');
  await root.restart();
  await waitUntil(async () => (await incident())?.recovered !== null, patience, 'it has recovered');
});
