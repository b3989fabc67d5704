import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { inCohort, nothingRecorded, replayed, timeOf } from '@xylem/core';
import { cleanup, tempFolder, waitUntil } from '@xylem/testkit';
import { testDatabases } from '../testing/databases.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const own = cleanup();
after(() => own.run());

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;
const environments = ['default/live'];
const reason = 'The fair is on.';

/** An environment with two hosts at 1.0.0 of a product that also has 2.0.0 and 3.0.0. */
async function fleet(t: TestContext, yaml?: string, options: RootFixtureOptions = {}) {
  const clock = shiftedClock(-3 * 3600_000);
  const root = await rootFixture(t, { clock, ...options });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await shop.publish('web', version, { 'index.html': version });
    await shop.release(version, { web: version });
  }
  const created = { name: 'default/live', ...(yaml === undefined ? {} : { yaml }) };
  await root.api('environmentCreate', { body: created });
  const { token } = await root.api('tokenCreate', { body: { environment: 'default/live', uses: 10 } });
  const hosts = [await fakeHost(root, token, { name: 'a' }), await fakeHost(root, token, { name: 'b' })];
  const folder = await tempFolder(t, 'tuf');
  const state = () => (hosts[0] as FakeHost).desiredState(folder);
  const deploy = async (version: string, more: object = {}) => {
    const body = { kind: 'deploy' as const, product: 'shop', version, environments, ...more };
    return (await root.api('deploymentCreate', { body })).deployments[0]?.id ?? '';
  };
  const show = (id: string) => root.api('deploymentShow', { params: { id } });
  const ended = (id: string, wanted: string) =>
    waitUntil(async () => (await show(id)).state === wanted, 30_000, `${id} to be ${wanted}`);
  const report = async (): Promise<void> => {
    const { assignments } = await state();
    for (const host of hosts) {
      const own = assignments.filter(({ cohort }) => cohort === undefined || inCohort(cohort, host.id));
      await host.report(own.slice(0, 1));
    }
  };
  /** Whether core decides the same again by what was recorded. */
  const replays = async (id: string): Promise<boolean> => {
    const page = await root.api('deploymentEvidence', { params: { id }, query: {} });
    let recorded = nothingRecorded;
    for (const { document } of page.records) {
      const again = replayed(recorded, document);
      if (typeof again === 'string') assert.fail(again);
      recorded = again.after;
    }
    return recorded.number === page.decided && page.decided > 0;
  };
  return { root, shop, clock, deploy, show, ended, report, replays };
}
const rolling = { strategy: { kind: 'rolling' as const, maxUnavailable: 1 } };

for (const { kind, skip, options } of await testDatabases(own))
  test(`a frozen environment admits no further host and begins nothing, but rollbacks and what is urgent: ${kind}`, {
    skip,
  }, async (t) => {
    const { root, deploy, show, ended, report, replays } = await fleet(
      t,
      undefined,
      await options('freezes'),
    );
    const first = await deploy('1.0.0');
    await report();
    await ended(first, 'succeeded');
    const second = await deploy('2.0.0', rolling);
    assert.equal((await show(second)).progress.admitted, 1);
    const { environments: frozen } = await root.api('freezeSet', {
      body: { environments: ['*/live'], reason },
    });
    assert.equal(frozen[0]?.freeze?.reason, reason);
    // Its hosts report: the admitted one is done, and no other follows, also after a restart.
    await report();
    await root.restart();
    await waitUntil(async () => (await show(second)).progress.done >= 1, 30_000, 'a host to be done');
    const stands = await show(second);
    assert.deepEqual([stands.state, stands.progress.admitted], ['running', 1]);
    assert.match(stands.reason ?? '', /live was frozen by .* The fair is on\..*1 of 2 done/);
    await assert.rejects(deploy('3.0.0'), code('E_ENVIRONMENT_FROZEN'));
    await assert.rejects(deploy('', { kind: 'undeploy', version: undefined }), code('E_ENVIRONMENT_FROZEN'));
    const back = { kind: 'rollback', product: 'shop', environments, dryRun: true } as const;
    await root.api('deploymentCreate', { body: back });
    const live = { tenant: 'default', environment: 'live' };
    assert.equal((await root.api('environmentShow', { params: live })).freeze?.reason, reason);
    assert.equal(await replays(second), true, 'as it was decided under the freeze');
    // What is urgent goes on to all, if it says why.
    const now = { urgent: true, strategy: { kind: 'all-at-once' } };
    await assert.rejects(deploy('3.0.0', now), /The fair is on\..*say why: `--reason`/);
    const urgent = await deploy('3.0.0', { ...now, reason: 'A hole is open.' });
    assert.equal((await show(urgent)).progress.admitted, 2);
    const said = await root.api('freezeSet', { body: { environments, reason: 'Still on.' } });
    assert.equal(said.environments[0]?.freeze?.since, frozen[0]?.freeze?.since, 'said again it is one');
    await report();
    await ended(urgent, 'succeeded');

    const held = await root.api('freezeEnd', { body: { environments } });
    assert.equal(held.environments[0]?.freeze, null);
    const third = await deploy('2.0.0', rolling);
    await root.api('freezeSet', { body: { environments, reason } });
    await report();
    await waitUntil(async () => (await show(third)).progress.done >= 1, 30_000, 'a host to be done');
    assert.equal((await show(third)).progress.admitted, 1);
    await root.api('freezeEnd', { body: { environments } });
    assert.equal((await show(third)).progress.admitted, 2, 'what waited goes on at once');
    assert.equal(await replays(third), true);
    const { entries } = await root.api('auditList', { query: {} });
    const urgently = entries.find(({ entry }) => entry['on'] === `deployment/${urgent}`);
    assert.match(JSON.stringify(urgently), /A hole is open\./);
    const acts = entries.map(({ entry }) => String(entry['what'])).filter((what) => /freeze/.test(what));
    assert.deepEqual(
      acts.sort((a, b) => a.localeCompare(b)),
      [
        'environment.freeze',
        'environment.freeze',
        'environment.freeze',
        'environment.unfreeze',
        'environment.unfreeze',
      ],
    );
  });

test('a channel that moved during a freeze is followed after it, and a freeze ends by its date', async (t) => {
  const yaml = 'environment: default/live\nproducts:\n  shop: { channel: stable }\n';
  const { root, shop, clock, deploy, show } = await fleet(t, yaml);
  await root.api('freezeSet', { body: { environments, reason } });
  await shop.setChannel('stable', '1.0.0');
  const all = async () => (await root.api('deploymentList', { query: {} })).deployments;
  assert.deepEqual(await all(), []);
  await root.api('freezeEnd', { body: { environments } });
  assert.deepEqual(
    (await all()).map(({ version }) => version),
    ['1.0.0'],
  );

  const until = timeOf(clock.now() + 3600_000);
  const before = timeOf(clock.now() - 1_000);
  for (const wrong of [before, '2026-99-01T00:00:00Z']) {
    const body = { environments, reason, until: wrong };
    await assert.rejects(root.api('freezeSet', { body }), code('E_INPUT'));
  }
  await root.api('freezeSet', { body: { environments, reason, until } });
  await assert.rejects(deploy('2.0.0'), code('E_ENVIRONMENT_FROZEN'));
  clock.pass(3600_000);
  assert.equal((await show(await deploy('2.0.0'))).version, '2.0.0');
});

test('all that goes on is stopped at once, and for good where that is said', async (t) => {
  const { root, deploy, show } = await fleet(t);
  const id = await deploy('1.0.0', rolling);
  const stop = (to: 'paused' | 'aborted', which = ['*/*']) =>
    root.api('deploymentStop', { body: { environments: which, to, reason: 'Slow.' } });
  await assert.rejects(stop('paused', ['*/other']), code('E_NOT_FOUND'));
  assert.deepEqual(
    (await stop('paused')).deployments.map((one) => [one.id, one.state]),
    [[id, 'paused']],
  );
  assert.deepEqual((await stop('paused')).deployments, []);
  assert.equal((await stop('aborted')).deployments[0]?.state, 'aborted');
  assert.match((await show(id)).reason ?? '', /aborted by .*: Slow\./);
});
