import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import {
  type Digest,
  type HostMapEntry,
  type JobReport,
  type JobResult,
  lookUpHost,
  type PackageDocument,
  parseReport,
  reportPayloadType,
  type Time,
} from '@xylem/core';
import { cleanup, postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { openEnvelope } from '@xylem/trust';
import { openDatabase } from '../db/open.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { jobResults } from './results.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);

const since = '2026-11-21T03:28:06Z' as Time;
const jobs: PackageDocument['jobs'] = { smoke: { command: ['bin/smoke'], timeoutMs: 60_000 } };
const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;

/** Two hosts that run shop-api 1.0.0, whose package has the job smoke. */
async function fleet(t: TestContext, options: RootFixtureOptions = {}) {
  const root = await rootFixture(t, options);
  const shop = await publisher(t, root, 'shop');
  const digest = await shop.publish(
    'shop-api',
    '1.0.0',
    { a: '1' },
    jobs === undefined ? {} : { document: { jobs } },
  );
  const release = await shop.release('1.0.0', { 'shop-api': '1.0.0' });
  const { id, name } = await root.api('environmentCreate', { body: { name: 'acme/test' } });
  const [tenant = '', environment = ''] = name.split('/');
  const params = { tenant, environment };
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/test', uses: 2 } });
  const [a, b] = [await fakeHost(root, token, { name: 'a' }), await fakeHost(root, token, { name: 'b' })];
  await root.api('deploymentCreate', {
    body: {
      kind: 'deploy',
      product: 'shop',
      version: '1.0.0',
      environments: [name],
      strategy: { kind: 'all-at-once' },
    },
  });
  const folder = await tempFolder(t, 'tuf');
  const { assignments } = await a.desiredState(folder);
  for (const host of [a, b]) await host.report(assignments);
  /** What the host map says to a host now. */
  const orders = async (host: FakeHost): Promise<NonNullable<HostMapEntry['jobs']>> => {
    const state = await a.desiredState(folder);
    const node = async (of: string): Promise<Uint8Array> => (await a.get(`/o/${id}/${of}`)).body;
    return (await lookUpHost(state.hostMap, host.id, node))?.jobs ?? [];
  };
  const order = async (more: Record<string, unknown> = {}) =>
    (await root.api('jobRun', { params, body: { component: 'shop-api', job: 'smoke', ...more } as never }))
      .runs;
  const show = (run: string) => root.api('jobShow', { params: { id: run } });
  const said = (run: string, more: Partial<JobReport>): JobReport => ({
    id: run,
    component: 'shop-api',
    job: 'smoke',
    package: digest,
    state: 'ended',
    since,
    ...more,
  });
  return { root, id, params, a, b, digest, release, orders, order, show, said };
}

const result = (outcome: JobResult['outcome'], more: Partial<JobResult> = {}): JobResult => ({
  outcome,
  exitCode: outcome === 'passed' ? 0 : 1,
  started: since,
  seconds: 3,
  output: { text: 'all is well\n', sizeBytes: 12 },
  ...more,
});

for (const kind of ['sqlite', 'postgres'] as const) {
  const skip = kind === 'postgres' && 'skip' in server ? server.skip : false;
  test(`a job is ordered of one host, told once, and is evidence about the release (${kind})`, {
    skip,
  }, async (t) => {
    const postgresAt =
      'skip' in server || kind === 'sqlite'
        ? null
        : ({ kind: 'postgres', url: await server.createDatabase('jobs') } as const);
    const { root, id, a, b, digest, release, orders, order, show, said } = await fleet(
      t,
      postgresAt === null ? {} : { database: postgresAt },
    );
    const [run] = await order();
    assert.ok(run);
    assert.deepEqual(
      [run.state, run.host.name, run.version, run.release],
      ['ordered', 'a', '1.0.0', release],
    );
    assert.deepEqual(await orders(a), [{ id: run.id, component: 'shop-api', job: 'smoke', package: digest }]);
    assert.deepEqual(await orders(b), []);

    await b.report(undefined, { jobs: [said(run.id, { result: result('passed') })] });
    assert.equal((await show(run.id)).state, 'ordered', 'what another host says of it is nothing');
    await a.report(undefined, {
      jobs: [said(run.id, { state: 'waiting', code: 'E_JOB_WAITS', message: 'it does not run' })],
    });
    assert.deepEqual([(await show(run.id)).state, (await show(run.id)).note], ['ordered', 'it does not run']);
    await a.report(undefined, { jobs: [said(run.id, { state: 'running' })] });
    assert.equal((await show(run.id)).state, 'running');

    await root.restart();
    assert.equal((await orders(a)).length, 1, 'it stands until its end is known');
    const summary = { tests: 2, failures: 0, errors: 0, skipped: 1, failed: [] };
    const junit = { digest, sizeBytes: 12, text: '<testsuite/>', summary };
    const logs = [{ path: 'a.log', kept: { text: 'log', sizeBytes: 3 } }];
    const told = said(run.id, { result: result('passed', { junit, logs }) });
    await a.report(undefined, { jobs: [told] });
    const shown = await show(run.id.slice(0, 8));
    assert.deepEqual(
      [shown.state, shown.exitCode, shown.seconds, shown.tests, shown.junit?.text, shown.logs[0]?.text],
      ['passed', 0, 3, summary, '<testsuite/>', 'log'],
    );
    assert.equal(shown.output?.text, 'all is well\n');
    const { payload, keyId } = await openEnvelope(
      Buffer.from(shown.report ?? ''),
      reportPayloadType,
      async () => a.key.public,
    );
    assert.deepEqual([keyId, parseReport(payload).jobs], [a.id, [told]], 'the host signed it');
    await waitUntil(async () => (await orders(a)).length === 0, 30_000, 'the order to be taken out');
    await a.report(undefined, { jobs: [said(run.id, { result: result('failed') })] });
    assert.equal((await show(run.id)).state, 'passed', 'the first end counts');

    const db = await openDatabase(postgresAt ?? { kind: 'sqlite', file: join(root.folder, 'root.db') });
    try {
      const verdicts = await jobResults(db, { release, environment: id, job: 'smoke' });
      assert.deepEqual(
        verdicts.map(({ state, host, junit: tests }) => [state, host, tests?.tests]),
        [['passed', a.id, 2]],
      );
      assert.deepEqual(await jobResults(db, { release, environment: id, job: 'other' }), []);
      const [kept] = await db.selectFrom('reports').select('document').where('host', '=', a.id).execute();
      assert.doesNotMatch(kept?.document ?? 'all is well', /all is well/, 'texts lie with the run alone');
    } finally {
      await db.destroy();
    }
    const { entries } = await root.api('auditList', { query: { limit: '1000' } });
    assert.deepEqual(
      entries
        .map(({ entry }) => entry)
        .filter((entry) => String(entry['what']).startsWith('job.'))
        .map((entry) => [entry['who'] === `host/${a.id}`, entry['what']]),
      [
        [false, 'job.run'],
        [true, 'job.passed'],
      ],
    );
  });
}

test('what can not be ordered is refused, with what is there; as many hosts as asked get one each', async (t) => {
  const { order, root } = await fleet(t);
  const message = async (more: Record<string, unknown>): Promise<string> =>
    await order(more).then(
      () => 'ordered',
      (error: Error) => error.message,
    );
  assert.match(
    await message({ job: 'none' }),
    /no package of shop-api there has a job none\. It has smoke\./i,
  );
  assert.match(await message({ component: 'none' }), /No host of acme\/test has said that it has none\./);
  assert.match(await message({ version: '9.9.9' }), /shop-api 9\.9\.9/);
  assert.match(await message({ where: 'name = x' }), /that fits name = x/);
  assert.match(await message({ hosts: 3 }), /3 hosts were asked for, and 2 of acme\/test/);
  assert.deepEqual((await order({ hosts: 2 })).map(({ host }) => host.name).sort(), ['a', 'b']);
  for (let i = 0; i < 7; i += 1) await order({ hosts: 2 });
  await assert.rejects(order(), code('E_CONFLICT'));
  assert.equal(
    (await root.api('jobList', { query: { environment: 'acme/test', open: 'true' } })).runs.length,
    16,
  );
});

test('a run is lost when its time is over, its host is gone, or a person says so; a late end is taken', async (t) => {
  const clock = shiftedClock(-6 * 3_600_000);
  const { root, a, b, order, show, said, orders } = await fleet(t, { clock });
  const [silent, gone] = await order({ hosts: 2 });
  const [stopped] = await order();
  assert.ok(silent && gone && stopped);
  const shown = await root.api('jobStop', { params: { id: stopped.id }, body: { reason: 'wrong place' } });
  assert.equal(shown.state, 'lost');
  assert.match(shown.note ?? '', /Taken back by .*: wrong place/);
  await assert.rejects(
    root.api('jobStop', { params: { id: stopped.id }, body: { reason: 'again' } }),
    code('E_CONFLICT'),
  );
  const host = gone.host.name;
  await root.api('hostRetire', { body: { select: { hosts: [host] } } } as never);
  await root.restart();
  assert.match((await waitUntil(async () => (await show(gone.id)).note, 30_000)) ?? '', /was retired/);
  assert.equal((await show(silent.id)).state, 'ordered');
  clock.pass(3_600_000 + 61_000);
  await root.restart();
  assert.match(
    (await waitUntil(async () => (await show(silent.id)).note, 30_000)) ?? '',
    /Nothing was heard/,
  );
  const whose = silent.host.name === 'a' ? a : b;
  await waitUntil(async () => (await orders(whose)).length === 0, 30_000, 'no order to stand');
  await whose.report(undefined, { jobs: [said(silent.id, { result: result('passed') })] });
  assert.equal((await show(silent.id)).state, 'passed');
});

test('a restored root server takes what hosts tell of jobs that it forgot, and orders nothing until it is confirmed', async (t) => {
  const { root, a, order, said, digest } = await fleet(t);
  const out = join(await tempFolder(t, 'backup'), 'out');
  await root.api('backupCreate', { body: { out } });
  const [run] = await order();
  assert.ok(run);
  const again = await restoredFixture(t, root, out);
  a.moveTo(again);
  await assert.rejects(
    again.api('jobRun', {
      params: { tenant: 'acme', environment: 'test' },
      body: { component: 'shop-api', job: 'smoke' },
    }),
    code('E_CONFIRM_RESTORE'),
  );
  const strange = {
    ...said('f'.repeat(32), { result: result('passed') }),
    package: 'e'.repeat(64) as Digest,
  };
  await a.report(undefined, { jobs: [said(run.id, { result: result('failed') }), strange] });
  const { runs } = await again.api('jobList', { query: {} });
  assert.deepEqual(
    runs.map((one) => [one.id, one.state, one.version, one.package, one.by]),
    [[run.id, 'failed', '1.0.0', digest, 'found after a restore']],
  );
});
