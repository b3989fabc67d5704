import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { Time } from '@xylem/core';
import { cleanup, postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { openDatabase } from '../db/open.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { receiver } from '../testing/receiver.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { noteSigns } from './signs.ts';
import { watchHosts } from './watch.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);

const minute = 60_000;
const hour = 60 * minute;
const generous = 60_000;
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

async function fleet(t: TestContext, options: RootFixtureOptions = {}) {
  const clock = shiftedClock(-20 * 24 * hour);
  const root = await rootFixture(t, { clock, ...options });
  const { id: environment } = await root.api('environmentCreate', { body: { name: 'acme/live' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/live', uses: 3 } });
  const hosts = await Promise.all(['a', 'b', 'c'].map((name) => fakeHost(root, token, { name })));
  const incidents = async () => (await root.api('incidentList')).incidents;
  const until = async (is: (found: Awaited<ReturnType<typeof incidents>>) => boolean) => {
    await waitUntil(async () => is(await incidents()), generous);
    return await incidents();
  };
  const show = (id: string) => root.api('incidentShow', { params: { id } });
  return { root, clock, environment, hosts: hosts as [FakeHost, FakeHost, FakeHost], incidents, until, show };
}

const full = { component: null, code: 'E_DISK_FULL', message: 'The disk is full.' };

for (const kind of ['sqlite', ...('skip' in server ? [] : ['postgres' as const])] as const) {
  test(`hosts of one cause are one incident, which evidence closes (${kind})`, async (t) => {
    const database =
      kind === 'sqlite' || 'skip' in server
        ? {}
        : { database: { kind: 'postgres' as const, url: await server.createDatabase('incidents') } };
    const { root, clock, hosts, until, show } = await fleet(t, database);
    const [a, b, c] = hosts;
    const waiting = [
      { ...full, since: new Date(clock.now() - 10 * minute).toISOString().slice(0, 19).concat('Z') as Time },
    ];
    await a.report([], { waiting });
    await b.report([], { waiting });
    const [one, ...more] = await until(([first]) => first?.holding === 2);
    assert.ok(one);
    assert.deepEqual(more, []);
    assert.deepEqual([one.kind, one.subjects, one.state], ['host-held', 2, 'open']);
    assert.ok(one.secondsToDetect >= 600 && one.secondsToDetect < 900, String(one.secondsToDetect));
    assert.deepEqual(new Set((await show(one.id)).seen.map(({ name }) => name)), new Set(['a', 'b']));

    const params = { id: one.id };
    await root.api('incidentAcknowledge', { params });
    await root.api('incidentAssign', { params, body: { to: 'storage team' } });
    await root.api('incidentNote', { params, body: { text: 'A log grew.' } });
    await a.report([]);
    await b.report([], { waiting });
    await until(([first]) => first?.holding === 1);
    clock.pass(10 * minute);
    await b.report([]);
    await until(([first]) => first?.recovered !== null);
    // Over a restart, and not before nothing was seen for a while.
    await root.restart();
    assert.equal((await show(one.id)).state, 'open');
    clock.pass(6 * minute);
    // Any report makes it look.
    await c.report([]);
    const [closed] = await until(([first]) => first?.state === 'closed');
    assert.equal(closed?.closedBy, null);
    assert.ok((closed?.secondsToRecover ?? 0) >= 1200);
    const { events } = await show(one.id);
    assert.deepEqual(
      events.map(({ kind: what }) => what).filter((what) => what !== 'grew'),
      ['opened', 'acknowledged', 'assigned', 'note', 'recovered', 'closed'],
    );
    // It comes back: the same one.
    await b.report([], { waiting });
    const [again] = await until(([first]) => first?.state === 'open');
    assert.deepEqual(
      [again?.id, again?.reopened, again?.acknowledgedBy],
      [one.id, 1, one.acknowledgedBy ?? again?.acknowledgedBy],
    );
    const audit = await root.api('auditList', { query: {} });
    const said = audit.entries
      .map(({ entry }) => String(entry.what))
      .filter((what) => what.startsWith('incident.'));
    assert.deepEqual(said.toSorted(byText), ['incident.acknowledge', 'incident.assign', 'incident.note']);
  });
}

test('silence is noticed, also after the root server was away, and who is gone is over', async (t) => {
  const { root, clock, environment, hosts, incidents, until } = await fleet(t);
  const [a, b, c] = hosts;
  const db = await openDatabase({ kind: 'sqlite', file: join(root.folder, 'root.db') });
  t.after(() => db.destroy());
  const watch = (startedMs: number) =>
    watchHosts({
      db,
      clock,
      startedMs,
      restored: { isRestored: () => false },
      directing: {
        environments: () => [environment],
        state: () => ({ policy: { reportEverySeconds: 3600 } }),
      },
    });
  for (const host of hosts) await host.report([]);
  clock.pass(4 * hour);
  // It was away for all that time: nobody is called silent before they could report.
  await watch(clock.now() - 30 * minute);
  await a.report([]);
  assert.deepEqual(await incidents(), []);
  await watch(clock.now() - 2 * hour);
  await watch(clock.now() - 2 * hour);
  await a.report([]);
  const [one] = await until(([first]) => first?.holding === 2);
  assert.deepEqual([one?.kind, one?.title, one?.subjects], ['host-silent', 'Hosts fell silent.', 2]);
  assert.ok((one?.secondsToDetect ?? 0) >= 4 * 3600);
  await b.report([]);
  await until(([first]) => first?.holding === 1);
  await root.api('hostRetire', { body: { select: { hosts: [c.id] } } });
  await watch(0);
  await a.report([]);
  const [over] = await until(([first]) => first?.holding === 0);
  assert.equal(over?.id, one?.id);
});

test('a failed deployment and the hosts that it failed on are over when the product has succeeded there', async (t) => {
  const { root, hosts, until } = await fleet(t);
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('web', version, { 'index.html': version });
    await shop.release(version, { web: version });
  }
  const deploy = (version: string) =>
    root.api('deploymentCreate', {
      body: {
        kind: 'deploy',
        product: 'shop',
        version,
        environments: ['acme/live'],
        strategy: { kind: 'rolling', maxUnavailable: 3, maxFailed: 0 },
      },
    });
  for (const host of hosts) await host.report([]);
  await deploy('2.0.0');
  const folder = await tempFolder(t, 'tuf');
  const { assignments } = await hosts[0].desiredState(folder);
  const [wanted] = assignments;
  assert.ok(wanted);
  const refused = { package: wanted.package, code: 'E_HEALTH_FAILED', message: 'It does not answer.' };
  for (const host of hosts) await host.report(assignments, { components: await failedOf(host, refused) });
  await ended('failed', hosts[0]);
  const found = await until((all) => all.length === 2 && all.every(({ holding }) => holding > 0));
  assert.deepEqual(found.map(({ kind, title }) => `${kind}: ${title}`).toSorted(byText), [
    'deployment-failed: The deployment of shop@2.0.0 failed.',
    'host-failed: web 2.0.0 fails on hosts.',
  ]);
  await deploy('1.0.0');
  for (const host of hosts) await host.report((await hosts[0].desiredState(folder)).assignments);
  await ended('succeeded', hosts[0]);
  await until((all) => all.every(({ recovered }) => recovered !== null));

  /** Any report makes it look. */
  async function ended(state: string, by: FakeHost) {
    await waitUntil(async () => {
      const { deployments } = await root.api('deploymentList', { query: { environment: 'acme/live' } });
      return deployments.some((one) => one.state === state);
    }, generous);
    await by.report(undefined, state === 'failed' ? { components: await failedOf(by, refused) } : {});
  }

  async function failedOf(host: FakeHost, why: typeof refused) {
    const since = new Date(root.clock.now()).toISOString().slice(0, 19).concat('Z') as Time;
    assert.ok(host.id);
    return assignments.map(({ component, product, package: digest, version }) => ({
      component,
      product,
      kind: 'files',
      package: digest,
      version,
      tree: '0'.repeat(64),
      previous: null,
      state: 'failed',
      healthy: null,
      since,
      refused: why,
    })) as never;
  }
});

test('what a person closed stays closed for those who showed it, and others open a new one', async (t) => {
  const { root, hosts, incidents, until } = await fleet(t);
  const [a, b] = hosts;
  const since = '2026-01-01T00:00:00Z' as Time;
  const hook = await receiver(t);
  const alerts = { kind: 'webhook' as const, url: hook.url, scope: 'acme', format: 'alertmanager' as const };
  await assert.rejects(root.api('subscriptionCreate', { body: { ...alerts, topics: ['deployment.*'] } }), {
    code: 'E_INPUT',
  });
  await root.api('subscriptionCreate', { body: { ...alerts, topics: ['incident.*'] } });
  await a.report([], { waiting: [{ ...full, since }] });
  const [one] = await until((all) => all.length === 1);
  const params = { id: one?.id ?? '' };
  await waitUntil(() => hook.received.length > 0, generous);
  await root.api('incidentClose', { params, body: { reason: 'It is being replaced.' } });
  await assert.rejects(root.api('incidentClose', { params, body: { reason: 'again' } }), {
    code: 'E_CONFLICT',
  });
  await a.report([], { waiting: [{ ...full, since }] });
  await b.report([], { waiting: [{ ...full, since }] });
  const all = await until((found) => found.length === 2);
  assert.deepEqual(all.map(({ state, holding }) => `${state} ${holding}`).toSorted(byText), [
    'closed 1',
    'open 1',
  ]);
  await waitUntil(() => hook.received.length >= 3, generous);
  const told = hook.received.map(({ body }) => JSON.parse(body) as { status: string; groupKey: string });
  assert.deepEqual(
    told.map(({ status, groupKey }) => [status, groupKey === told[0]?.groupKey]),
    [
      ['firing', true],
      ['resolved', true],
      ['firing', false],
    ],
  );
  await a.report([]);
  await until((found) => found.every(({ state, holding }) => state === 'open' || holding === 0));
  assert.equal((await incidents()).length, 2);
});

test('a storm of ten thousand hosts is one incident, and what a crash left undone is done at the next start', async (t) => {
  const { root, environment, show } = await fleet(t);
  const nowMs = root.clock.now();
  const key = `host-failed/shop/web/${'a'.repeat(64)}`;
  const signs = Array.from({ length: 10_000 }, (_, number) => ({
    environment,
    key,
    subject: number.toString(16).padStart(32, '0'),
    isHost: false,
    sinceMs: nowMs,
    message: 'It does not answer.',
  }));
  await root.running().close();
  const db = await openDatabase({ kind: 'sqlite', file: join(root.folder, 'root.db') });
  await db.transaction().execute((trx) => noteSigns(trx, signs, nowMs));
  await db.destroy();
  await root.restart();
  await waitUntil(async () => (await root.api('incidentList')).incidents[0]?.holding === 10_000, generous);
  const { incidents } = await root.api('incidentList');
  assert.equal(incidents.length, 1);
  const detail = await show(incidents[0]?.id ?? '');
  assert.deepEqual([detail.subjects, detail.seen.length], [10_000, 100]);
  assert.ok(detail.events.length < 20);
});
