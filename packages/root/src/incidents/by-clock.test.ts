import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { cleanup, tempFolder, waitUntil } from '@xylem/testkit';
import { openDatabase } from '../db/open.ts';
import { bakesBegun } from '../testing/bakes-begun.ts';
import { testDatabases } from '../testing/databases.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { receiver } from '../testing/receiver.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { watchQuestions } from './questions.ts';

const own = cleanup();
after(() => own.run());

const minute = 60_000;
const day = 24 * 60 * minute;
const generous = 60_000;

/** A root server whose incidents are told to somebody, with a release of shop. */
async function watched(t: TestContext, shiftMs: number, options: RootFixtureOptions = {}) {
  const clock = shiftedClock(shiftMs);
  const root = await rootFixture(t, { clock, ...options });
  const shop = await publisher(t, root, 'shop');
  await shop.publish('web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { web: '1.0.0' });
  const hook = await receiver(t);
  await root.api('subscriptionCreate', {
    body: { kind: 'webhook', url: hook.url, topics: ['incident.*'], scope: '*' },
  });
  /** What looks by the clock looks at each start; what it saw is taken in by the start after it. */
  const passed = async (ms: number): Promise<void> => {
    clock.pass(ms);
    await root.restart();
    await root.restart();
  };
  const found = async (title: RegExp) =>
    (await root.api('incidentList')).incidents.find((one) => title.test(one.title));
  const until = async (title: RegExp, is: (one: NonNullable<Awaited<ReturnType<typeof found>>>) => boolean) =>
    await waitUntil(async () => {
      const one = await found(title);
      return one !== undefined && is(one) ? one : null;
    }, generous);
  /** All that was told of what has that title. */
  const told = async (title: RegExp, count: number): Promise<string[]> => {
    const of = () =>
      hook.received
        .filter(({ notification: { data } }) => title.test(String(data.details['title'])))
        .map(({ notification: { type } }) => type);
    await waitUntil(() => of().length >= count, generous);
    return of();
  };
  return { root, clock, shop, passed, found, until, told };
}

const wholeLife = ['incident.opened', 'incident.recovered', 'incident.closed'];

test('metadata that people sign is an incident before it ends, until it was signed anew', async (t) => {
  const { root, shop, passed, found, until, told } = await watched(t, 0);
  await passed(300 * day);
  assert.deepEqual((await root.api('incidentList')).incidents, []);
  await passed(40 * day);
  const signed = /ends soon: product:shop/;
  const other = /ends soon: targets/;
  const { environment, kind, secondsToDetect } = await until(signed, ({ state }) => state === 'open');
  assert.deepEqual([environment, kind], [null, 'expiring']);
  assert.ok(Math.abs(secondsToDetect - 5 * 86_400) < 3600, String(secondsToDetect));
  await shop.release('1.0.1', { web: '1.0.0' });
  await passed(minute);
  assert.notEqual((await until(signed, ({ recovered }) => recovered !== null)).state, 'closed');
  await passed(6 * minute);
  assert.equal((await until(signed, ({ state }) => state === 'closed')).closedBy, null);
  assert.deepEqual(await told(signed, 3), wholeLife);
  assert.deepEqual([(await found(other))?.holding, await told(other, 1)], [1, ['incident.opened']]);
});

test('a copied host is an incident until an operator has cleared it', async (t) => {
  const { root, passed, found, until, told } = await watched(t, -day);
  await root.api('environmentCreate', { body: { name: 'acme/live' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/live' } });
  const host = await fakeHost(root, token, { name: 'a' });
  const first = await host.nextReport();
  const copy = await host.nextReport({ sequence: 1, agent: '0.2.0' as never });
  await host.bring(first);
  await passed(minute);
  assert.deepEqual((await root.api('incidentList')).incidents, []);
  await host.bring(copy);
  await passed(minute);
  const title = /Two machines/;
  const { id } = await until(title, ({ holding }) => holding === 1);
  const { seen, environment } = await root.api('incidentShow', { params: { id } });
  assert.deepEqual([seen[0]?.name, environment?.name], ['a', 'acme/live']);
  await root.api('hostClearClone', { body: { select: { hosts: ['a'] } } });
  await passed(minute);
  await until(title, ({ recovered }) => recovered !== null);
  await passed(6 * minute);
  await until(title, ({ state }) => state === 'closed');
  assert.deepEqual([await told(title, 3), (await found(title))?.reopened], [wholeLife, 0]);
});

for (const { kind, skip, options } of await testDatabases(own))
  test(`what asks and gets no answer is an incident, which stops nothing: ${kind}`, { skip }, async (t) => {
    const { database } = await options('questions');
    const { root, clock, shop, found, until, told } = await watched(
      t,
      -day,
      database === undefined ? {} : { database },
    );
    const file = join(root.folder, 'root.db');
    const db = await openDatabase(database?.kind === 'postgres' ? database : { kind: 'sqlite', file });
    t.after(() => db.destroy());
    const { api } = root;
    await shop.release('1.0.1', { web: '1.0.0' });
    const yaml = (name: string) => `environment: ${name}\npolicy:\n  incidents: none\n`;
    for (const name of ['acme/live', 'acme/next'])
      await api('environmentCreate', { body: { name, yaml: yaml(name) } });
    const { token } = await api('tokenCreate', { body: { environment: 'acme/live', uses: 2 } });
    const folder = await tempFolder(t, 'tuf');
    const joined = async (name: string) => await fakeHost(root, token, { name });
    const hosts = [await joined('a'), await joined('b')] as const;
    for (const host of hosts) await host.report([]);
    const yamlOfPlan = `release: shop@1.0.0
stages:
  - name: live
    to: acme/live
    strategy: { kind: canary, steps: [1], bakeSeconds: 60, minimumExposure: 2 }
  - { name: next, to: acme/next, ask: true }
`;
    const plan = await api('planCreateFile', { body: { yaml: yamlOfPlan, file: 'plan.yaml' } });
    await api('planStart', { params: { id: plan.id }, body: {} });
    const query = { environment: 'acme/live' };
    const [deployment = assert.fail()] = (await api('deploymentList', { query })).deployments;
    const params = { id: deployment.id };
    const isTold = async ({ id }: FakeHost) =>
      (await api('hostShow', { params: { host: id } })).components[0]?.wantedVersion === '1.0.0';
    const follow = async () => {
      for (const host of hosts) {
        if (!(await isTold(host))) await host.report([]);
        else await host.report((await host.desiredState(`${folder}/${host.id}`)).assignments);
      }
      return await api('deploymentShow', { params });
    };
    await waitUntil(async () => (await follow()).progress.baking === 1, generous);
    const [a, b] = hosts;
    await bakesBegun(root, params.id, [(await isTold(a)) ? a : b]);
    clock.pass(61_000);
    await waitUntil(async () => (await follow()).state === 'paused', generous);

    const looks = async (ms: number): Promise<void> => {
      clock.pass(ms);
      await watchQuestions({ db, clock, restored: { isRestored: () => false } });
      // Any report has it taken in.
      await a.report();
    };
    const asks = /^The deployment of shop@1\.0\.0 asks/;
    await looks(8 * minute);
    assert.equal(await found(asks), undefined, 'who follows it may answer first');
    clock.pass(3 * minute);
    await root.restart();
    const { environment, kind: what, product } = await until(asks, ({ holding }) => holding === 1);
    assert.deepEqual([environment?.name, what, product], ['acme/live', 'deployment-asks', 'shop']);
    const another = { kind: 'deploy' as const, product: 'shop', version: '1.0.1', dryRun: true };
    await api('deploymentCreate', { body: { ...another, environments: ['acme/live'] } });
    await api('deploymentResume', { params });
    await looks(0);
    await until(asks, ({ recovered }) => recovered !== null);

    await waitUntil(async () => (await follow()).progress.done === 2, generous);
    await bakesBegun(root, params.id, hosts);
    clock.pass(61_000);
    await waitUntil(async () => {
      await follow();
      return (await api('planShow', { params: { id: plan.id } })).state === 'paused';
    }, generous);
    const planAsks = new RegExp(`^The plan ${plan.id} for shop asks`);
    await looks(11 * minute);
    const asked = await until(planAsks, ({ holding }) => holding === 1);
    assert.deepEqual([asked.environment?.name, asked.kind], ['acme/live', 'plan-asks']);
    await api('planResume', { params: { id: plan.id }, body: {} });
    await looks(0);
    await until(planAsks, ({ recovered }) => recovered !== null);
    await looks(6 * minute);
    assert.deepEqual([await told(asks, 3), await told(planAsks, 3)], [wholeLife, wholeLife]);
  });
