import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { type Digest, type JobOutcome, type JobReport, timeOf } from '@xylem/core';
import { systemRandomness } from '@xylem/platform';
import { cleanup, waitUntil } from '@xylem/testkit';
import { lockFor } from '../db/lock.ts';
import { openDatabase } from '../db/open.ts';
import { testDatabases } from '../testing/databases.ts';
import { patience, shopInRings } from '../testing/shop-in-rings.ts';
import { planLock, planNamed } from './rows.ts';
import { keepTests, orderTestsIn } from './tests-look.ts';

const minute = 60_000;
const hour = 60 * minute;
const own = cleanup();
after(() => own.run());
const databases = await testDatabases(own);

const smoke = '{ component: shop-web, job: smoke }';
const planFile = (more = '') => `release: shop@2.0.0
stages:
  - { name: staging, to: acme/staging, tests: { jobs: [${smoke}], within: 30m }${more} }
  - { name: production, to: acme/one }
`;

/** acme/staging and acme/one, whose packages have the job smoke. */
async function tested(t: TestContext, options: Parameters<typeof shopInRings>[1] = {}) {
  const document = { jobs: { smoke: { command: ['true'] } } };
  const shop = await shopInRings(t, { only: ['staging', 'one'], document, ...options });
  const { api, clock, hosts } = shop;
  const query = { environment: 'acme/staging' };
  /** The newest first. */
  const runs = async () => (await api('jobList', { query })).runs;
  const ordered = async (count = 1) => {
    await waitUntil(async () => (await runs()).length === count, patience, `${count} tests are ordered`);
    return await runs();
  };
  /** The host of staging tells how its newest run ended. */
  const ends = async (outcome: JobOutcome) => {
    const [run] = await runs();
    assert.ok(run);
    const since = timeOf(clock.now());
    const isPassed = outcome === 'passed';
    const failed = isPassed ? [] : ['a', 'b', 'c', 'd'].map((name) => ({ name, message: 'no answer' }));
    const junit = {
      digest: 'c'.repeat(64) as Digest,
      sizeBytes: 1,
      summary: { tests: 5, failures: failed.length, errors: 0, skipped: 0, failed },
    };
    const report: JobReport = {
      id: run.id,
      component: run.component,
      job: run.job,
      package: run.package as Digest,
      state: 'ended',
      since,
      result: { outcome, exitCode: isPassed ? 0 : 1, seconds: 3, output: { text: '', sizeBytes: 0 }, junit },
    };
    await hosts.get('staging')?.report(undefined, { jobs: [report] });
  };
  const again = () =>
    api('jobRun', {
      params: { tenant: 'acme', environment: 'staging' },
      body: { component: 'shop-web', job: 'smoke', where: 'name = web-staging' },
    });
  const begun = async (yaml: string) => {
    const { id } = await shop.planned(yaml);
    await shop.start(id);
    return id;
  };
  return { ...shop, runs, ordered, ends, again, begun };
}

for (const { kind, skip, options } of databases) {
  test(`tests are ordered once, whoever drives; what failed is ordered again by a person (${kind})`, {
    skip,
  }, async (t) => {
    const made = await options('plan_tests');
    const { database } = made;
    const shop = await tested(t, made);
    const { root, api, clock, show, becomes, runs, ends } = shop;
    const id = await shop.begun(planFile(', soak: 1h'));
    await shop.succeed('staging', '2.0.0');
    await api('planPause', { params: { id }, body: { reason: 'looking' } });
    clock.pass(2 * hour);
    await root.restart();
    assert.equal((await show(id)).next?.what, 'staging: tests are ordered in acme/staging');
    assert.deepEqual(await runs(), [], 'a paused plan orders nothing');

    const db = await openDatabase(
      database?.kind === 'postgres' ? database : { kind: 'sqlite', file: join(root.folder, 'root.db') },
    );
    const two = async (nowMs: number) => {
      const order = () =>
        db.transaction().execute(async (trx) => {
          await lockFor(trx, planLock(id));
          const known = await planNamed(trx, id);
          await keepTests(trx, known, nowMs);
          const [environment] = known.version.document.stages[0]?.environments ?? [];
          assert.ok(environment);
          return await orderTestsIn(trx, { clock, randomness: systemRandomness }, known, environment);
        });
      return await Promise.all([order(), order()]);
    };
    try {
      assert.deepEqual(new Set(await two(clock.now())), new Set([false, true]));
    } finally {
      await db.destroy();
    }
    // As a root server that was killed before it published what it had ordered.
    await root.restart();
    await api('planResume', { params: { id }, body: {} });
    await root.restart();
    const [first, ...others] = await runs();
    assert.deepEqual([first?.state, first?.by, others], ['ordered', `plan/${id}`, []]);
    const testing = await show(id);
    assert.equal(testing.stages[0]?.standing?.state, 'testing');
    assert.match(
      testing.next?.what ?? '',
      /^staging: waits for tests until .*: smoke of shop-web on web-staging/,
    );

    await ends('failed');
    const asks = await becomes(id, 'paused');
    assert.match(asks.ended?.reason ?? '', /smoke of shop-web failed on web-staging .*\(E_TESTS_FAILED\)$/);
    const [shown] = asks.stages[0]?.environments[0]?.tests ?? [];
    assert.deepEqual(
      [shown?.id, shown?.state, shown?.exitCode, shown?.host.name, shown?.tests?.failures],
      [first?.id, 'failed', 1, 'web-staging', 4],
    );
    assert.equal(shown?.tests?.failed.length, 3, 'the first failures');
    await assert.rejects(api('planResume', { params: { id }, body: {} }), { code: 'E_TESTS_FAILED' });
    await shop.again();
    await api('planResume', { params: { id }, body: {} });
    assert.match((await show(id)).next?.what ?? '', /waits for tests/);
    await ends('passed');
    await shop.succeed('one', '2.0.0');
    await becomes(id, 'finished');

    // What is run there later changes nothing of what has passed.
    await shop.again();
    await ends('failed');
    await root.restart();
    assert.deepEqual(
      (await show(id)).stages.map(({ standing }) => standing?.state),
      ['passed', 'passed'],
    );
  });
}

test('without a result in its time the plan asks, over a restart; one that is stopped takes its orders back', async (t) => {
  const { root, api, clock, hosts, show, becomes, ordered, runs, last, ...shop } = await tested(t);
  const id = await shop.begun(planFile());
  await shop.succeed('staging', '2.0.0');
  await ordered();
  clock.pass(29 * minute);
  await root.restart();
  assert.equal((await show(id)).state, 'started');
  clock.pass(minute);
  await root.restart();
  const asks = await becomes(id, 'paused');
  assert.match(asks.ended?.reason ?? '', /no result of smoke of shop-web in acme\/staging .*E_TESTS_MISSING/);
  await assert.rejects(api('planResume', { params: { id }, body: {} }), { code: 'E_TESTS_MISSING' });
  assert.equal((await runs())[0]?.state, 'ordered');
  await api('planStop', { params: { id }, body: { reason: 'enough' } });
  const [taken] = await runs();
  assert.deepEqual([taken?.state, taken?.note], ['lost', `Taken back: the plan ${id} was stopped.`]);
  assert.equal(await last('one'), undefined);

  // Nobody is there to be asked.
  const next = await shop.begun(planFile().replace('2.0.0', '3.0.0'));
  await shop.succeed('staging', '3.0.0');
  await ordered(2);
  await api('hostRetire', { body: { select: { hosts: ['web-staging'] } } } as never);
  await root.restart();
  assert.match((await becomes(next, 'paused')).ended?.reason ?? '', /E_TESTS_MISSING/);
  assert.ok(hosts.has('one'));
});

test('what policies demand is tested where they demand it, and a failure goes back where the stage says so', async (t) => {
  const { api, planned, becomes, ends, last, ordered, ...shop } = await tested(t);
  const refused = (yaml: string, message: RegExp) =>
    assert.rejects(planned(yaml), { code: 'E_INPUT', message });
  await refused(
    planFile().replace('job: smoke', 'job: load'),
    /plan\.yaml:3:\d+: .*jobs\[0\]\.job: expected a job of shop-web in shop@2\.0\.0, not load; it has smoke/,
  );
  await refused(planFile().replace('component: shop-web', 'component: shop-api'), /which has no shop-api/);
  const byPolicy = (onFail = '') =>
    `release: shop@2.0.0\n${onFail}tests: policy\nstages: [{ to: acme/staging }, { to: acme/one }]\n`;
  await refused(
    byPolicy(),
    /plan\.yaml:2:8: tests: expected environments in later stages whose policy\.after names tests/,
  );
  const params = { tenant: 'acme', environment: 'one' };
  const { yaml, version } = await api('environmentYaml', { params });
  const demanding = yaml.replace('after: none', `after: { tests: [${smoke}] }`);
  await api('environmentYamlPut', { params, body: { baseVersion: version, yaml: demanding } });
  const { id, stages } = await planned(byPolicy('onFail: rollback\n'));
  assert.deepEqual(
    stages.map(({ tests }) => tests?.jobs),
    [[{ component: 'shop-web', job: 'smoke' }], undefined],
  );
  await shop.bring('1.0.0');
  const { plan } = await api('planRefresh', { params: { id } });
  assert.equal(plan.stages[0]?.tests?.jobs.length, 1);
  await shop.start(id);
  await shop.succeed('staging', '2.0.0');
  await ordered();
  await ends('timed-out');
  const stopped = await becomes(id, 'stopped');
  assert.match(
    stopped.ended?.reason ?? '',
    /^stage-1 failed: smoke of shop-web timed out on .*\(E_TESTS_FAILED\)$/,
  );
  await waitUntil(async () => (await last('staging'))?.kind === 'rollback', patience, 'staging goes back');
  assert.equal((await last('one'))?.version, '1.0.0');
});
