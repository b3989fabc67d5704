import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { encodeLift, inCohort, type Lift, liftPayloadType } from '@xylem/core';
import { systemRandomness } from '@xylem/platform';
import { cleanup, postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { generateKey, signDocument } from '@xylem/trust';
import type { DatabaseConfig } from '../db/open.ts';
import { openDatabase } from '../db/open.ts';
import { allEnvironments, fullName } from '../environments/names.ts';
import { apiClient } from '../testing/api-client.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { operatorsOf } from '../testing/operators.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { beginRecall } from './begin.ts';
import { driveEnvironment } from './drive.ts';
import { recallNamed } from './rows.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;
const reason = 'It loses orders.';
const word = { product: 'shop', version: '2.0.0', reason };
const HOUR = 3600_000;

/** Hosts report until it is so. */
const until = (isSo: () => Promise<boolean>, reports: readonly (() => Promise<void>)[]): Promise<unknown> =>
  waitUntil(
    async () => {
      for (const report of reports) await report();
      return await isSo();
    },
    60_000,
    'what hosts report to be so',
  );

/** A product with 1.0.0, 2.0.0 and 3.0.0, of two components of which one never changes. */
async function installation(t: TestContext, database?: DatabaseConfig) {
  const clock = shiftedClock(-24 * HOUR);
  const root = await rootFixture(t, { clock, ...(database === undefined ? {} : { database }) });
  const shop = await publisher(t, root, 'shop');
  await shop.publish('help', '1.0.0', { 'help.html': 'the same in all' });
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await shop.publish('web', version, { 'index.html': version });
    await shop.release(version, { web: version, help: '1.0.0' });
  }
  const deploy = async (name: string, version: string, more: object = {}) => {
    const body = { kind: 'deploy' as const, product: 'shop', version, environments: [name], ...more };
    return (await root.api('deploymentCreate', { body })).deployments[0]?.id ?? '';
  };
  const show = (id: string) => root.api('deploymentShow', { params: { id } });
  /** An environment with so many hosts, which has had these releases one after another. */
  const environment = async (name: string, versions: readonly string[], count = 1) => {
    const { id } = await root.api('environmentCreate', { body: { name } });
    const { token } = await root.api('tokenCreate', { body: { environment: name, uses: count } });
    const hosts: FakeHost[] = [];
    const folders = new Map<FakeHost, string>();
    for (let n = 0; n < count; n += 1) {
      const host = await fakeHost(root, token, { name: `${name.split('/')[1]}-${n}` });
      folders.set(host, await tempFolder(t, 'tuf'));
      hosts.push(host);
    }
    /** They do as they are told. */
    const report = async (these: readonly FakeHost[] = hosts): Promise<void> => {
      for (const host of these) {
        const { assignments } = await host.desiredState(folders.get(host) ?? '');
        const first = new Map<string, (typeof assignments)[number]>();
        for (const one of assignments) {
          const isOwn = one.cohort === undefined || inCohort(one.cohort, host.id);
          if (isOwn && !first.has(one.component)) first.set(one.component, one);
        }
        await host.report([...first.values()]);
      }
    };
    const settle = async (version: string): Promise<void> => {
      const deployment = await deploy(name, version);
      await until(async () => (await show(deployment)).state === 'succeeded', [report]);
    };
    for (const version of versions) await settle(version);
    return { id, name, hosts, report, settle };
  };
  const recall = () => root.api('recallBegin', { body: word });
  return { root, shop, clock, deploy, show, environment, recall };
}

test('a release is stopped, kept away and taken back wherever that may be, and the rest is listed with its reason', async (t) => {
  const { root, shop, clock, deploy, show, environment, recall } = await installation(t);
  const live = await environment('default/live', ['1.0.0'], 3);
  const eu = await environment('default/eu', ['1.0.0', '2.0.0'], 3);
  const fresh = await environment('default/fresh', ['2.0.0']);
  const off = await environment('default/off', ['1.0.0']);
  const forward = await environment('default/forward', ['2.0.0']);
  await operatorsOf(root, live, generateKey());
  // One host is pinned and one falls silent; it goes on somewhere, waits as a plan, is on the way to another release.
  await root.api('hostPin', {
    body: { select: { hosts: ['eu-1'] }, components: ['web'], reason: 'The fair.' },
  });
  clock.pass(10 * HOUR);
  const awake = eu.hosts.slice(0, 1);
  for (const host of [...eu.hosts.slice(0, 2), ...live.hosts, ...fresh.hosts, ...off.hosts])
    await host.report();
  const strategy = { kind: 'rolling' as const, maxUnavailable: 1 };
  const wanted = { kind: 'deploy' as const, product: 'shop', version: '2.0.0' };
  const running = await root.api('planCreate', { body: { ...wanted, environments: [live.name], strategy } });
  const started = await root.api('planStart', { params: { id: running.id }, body: {} });
  const going = started.deployments[0] ?? '';
  await live.report();
  await waitUntil(async () => (await show(going)).progress.admitted === 2, 30_000, 'two to be admitted');
  const plan = await root.api('planCreate', {
    body: { kind: 'deploy', product: 'shop', version: '2.0.0', environments: [off.name] },
  });
  const next = await deploy(forward.name, '3.0.0');
  for (const name of [live.name, eu.name]) {
    await root.api('freezeSet', { body: { environments: [name], reason: 'The fair is on.' } });
  }
  const meant = await root.api('recallBegin', { body: { ...word, dryRun: true } });
  assert.equal(meant.recall, null);
  assert.deepEqual(
    meant.environments.map(({ name }) => name),
    ['default/eu', 'default/forward', 'default/fresh', 'default/live'],
  );
  assert.deepEqual((await root.api('recallList', { query: {} })).recalls, []);

  const first = (await recall()).recall ?? assert.fail();
  const stands = (shown: typeof first) =>
    Object.fromEntries(shown.environments.map((one) => [one.environment.name, one.state]));
  assert.deepEqual(stands(first), {
    'default/eu': 'going-back',
    'default/forward': 'leaving',
    'default/fresh': 'refused',
    'default/live': 'going-back',
    'default/off': 'none',
  });
  const of = (name: string) => first.environments.find((one) => one.environment.name === name);
  assert.match(of(fresh.name)?.message ?? '', /No release of shop has succeeded in default\/fresh before it/);
  assert.deepEqual([of(eu.name)?.version, of(eu.name)?.quarantined], ['1.0.0', false]);
  assert.deepEqual([of(live.name)?.version, of(live.name)?.quarantined], ['1.0.0', true]);
  assert.equal(of(forward.name)?.deployment, next);
  const inLive = first.hosts.filter(({ environment: { name } }) => name === live.name);
  assert.deepEqual(
    inLive.map(({ components }) => components.join()).sort((x, y) => x.localeCompare(y)),
    ['', 'web'],
    'told to, and not heard since',
  );
  const stopped = await show(going);
  assert.notEqual(stopped.state, 'running');
  assert.match(stopped.reason ?? '', /It loses orders\.|Superseded/);
  assert.equal((await root.api('planShow', { params: { id: running.id } })).state, 'stopped');
  const refused = await root.api('planShow', { params: { id: plan.id } });
  assert.deepEqual([refused.state, refused.ended?.reason], ['refused', `shop@2.0.0 was recalled: ${reason}`]);
  // Nobody gets it any more, by whatever way, and everybody is told why.
  for (const name of [off.name, live.name])
    await assert.rejects(deploy(name, '2.0.0'), (e) => code('E_RECALLED')(e) && String(e).includes(reason));
  await shop.setChannel('stable', '2.0.0');
  const yaml = `environment: default/off\nproducts:\n  shop: { channel: stable }\n`;
  const params = { tenant: 'default', environment: 'off' };
  const { version } = await root.api('environmentYaml', { params });
  await root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml } });
  const { waiting } = await root.api('environmentShow', { params });
  assert.deepEqual(
    waiting.map((one) => one.code),
    ['E_RECALLED'],
  );

  // What the hosts say: those that hear go back, in spite of the freeze.
  const shown = async () => root.api('recallShow', { params: { id: first.id } });
  const hears = [() => live.report(), () => eu.report(awake), () => forward.report()];
  await until(async () => {
    const now = await shown();
    return stands(now)['default/live'] === 'back' && stands(now)['default/forward'] === 'none';
  }, hears);
  const left = (await shown()).hosts.map(({ name, components, silent, pinned }) => [
    name,
    components,
    silent,
    pinned?.replace(/by .* since .*: /, '') ?? null,
  ]);
  assert.deepEqual(left, [
    ['eu-1', ['web'], false, 'The fair'],
    ['eu-2', ['web'], true, null],
    ['fresh-0', ['help', 'web'], false, null],
  ]);
  assert.equal((await shown()).state, 'going');
  // Who reads one environment sees that one.
  const grants = [{ role: 'viewer' as const, scope: 'default/eu' }];
  const { token } = await root.api('apiTokenCreate', { body: { name: 'eu', grants } });
  const theirs = apiClient(() => root.running().apiUrl, token);
  const [seen] = (await theirs('recallList', { query: {} })).recalls;
  assert.deepEqual(
    seen?.environments.map((one) => one.environment.name),
    ['default/eu'],
  );
  assert.ok(seen.hosts.every((one) => one.environment.name === 'default/eu'));
  await assert.rejects(theirs('recallBegin', { body: word }), code('E_FORBIDDEN'));

  // Said again it is the same one, and goes on with what was refused.
  await root.api('hostUnpin', { body: { select: { hosts: ['eu-1'] } } });
  await root.api('deploymentCreate', {
    body: { kind: 'undeploy', product: 'shop', environments: [fresh.name] },
  });
  const again = (await recall()).recall ?? assert.fail();
  assert.deepEqual([again.id, stands(again)['default/fresh']], [first.id, 'leaving']);
  await until(async () => (await shown()).state === 'done', [() => fresh.report(), () => eu.report()]);
  assert.deepEqual((await shown()).hosts, []);
  const { entries } = await root.api('auditList', { query: {} });
  const acts = entries.map(({ entry }) => String(entry['what'])).filter((what) => what.includes('recall'));
  assert.deepEqual(acts.sort(), ['release.recall', 'release.recall-again']);

  // A mistake is taken back; where hosts were told, their operators say so too.
  const ended = await root.api('recallEnd', { params: { id: first.id }, body: { reason: 'The network.' } });
  assert.deepEqual([ended.state, ended.ended?.reason], ['ended', 'The network.']);
  await root.api('freezeEnd', { body: { environments: ['default/*'] } });
  assert.equal((await show(await deploy(eu.name, '2.0.0'))).version, '2.0.0');
  await assert.rejects(deploy(live.name, '2.0.0'), code('E_QUARANTINED'));
});

test('a root server that is killed between environments goes on with those that are left', async (t) => {
  // Where two transactions run at once, if it is there.
  const database: DatabaseConfig | undefined =
    'skip' in server ? undefined : { kind: 'postgres', url: await server.createDatabase('recalls') };
  const { root, clock, environment, recall } = await installation(t, database);
  const [a, b] = [
    await environment('default/a', ['1.0.0', '2.0.0']),
    await environment('default/b', ['1.0.0', '2.0.0']),
  ];
  // As far as one that is killed after its first environment comes: nothing is published, b is not begun.
  const db = await openDatabase(database ?? { kind: 'sqlite', file: `${root.folder}/root.db` });
  const parts = { db, clock, randomness: systemRandomness };
  const id = await beginRecall(parts, { ...word, who: 'eve' });
  for (const row of await allEnvironments(db))
    if (fullName(row) === a.name) await driveEnvironment(parts, await recallNamed(db, id), row);
  await db.destroy();
  const shown = () => root.api('recallShow', { params: { id } });
  const states = async () => (await shown()).environments.map(({ state }) => state);
  assert.deepEqual(await states(), ['going-back', 'due']);
  await root.restart();
  await waitUntil(async () => (await states()).every((one) => one === 'going-back'), 30_000, 'b to go back');
  const rollbacks = async () =>
    (await root.api('deploymentList', { query: {} })).deployments.filter((one) => one.kind === 'rollback');
  // Two people at once mean one recall, and nothing goes back twice.
  const both = await Promise.all([recall(), recall()]);
  assert.deepEqual(
    both.map((one) => one.recall?.id),
    [id, id],
  );
  assert.equal((await rollbacks()).length, 2);
  await until(
    async () => (await shown()).state === 'done',
    [a, b].map((one) => () => one.report()),
  );
  assert.deepEqual(
    (await rollbacks()).map((one) => [one.version, one.state]),
    [
      ['1.0.0', 'succeeded'],
      ['1.0.0', 'succeeded'],
    ],
  );
});

test('what its operators lifted may come again there, and nowhere else; a rollback that was stopped waits for a word', async (t) => {
  const { root, deploy, show, environment, recall } = await installation(t);
  const live = await environment('default/live', ['1.0.0', '2.0.0']);
  const other = await environment('default/other', ['1.0.0', '2.0.0']);
  const anna = generateKey();
  const params = await operatorsOf(root, live, anna);
  const begun = (await recall()).recall ?? assert.fail();
  const state = async (name: string) =>
    (await root.api('recallShow', { params: { id: begun.id } })).environments.find(
      (one) => one.environment.name === name,
    );
  const stopped = (await state(other.name))?.deployment ?? '';
  await root.api('deploymentAbort', { params: { id: stopped } });
  await root.restart();
  assert.equal((await state(other.name))?.state, 'stopped');
  await recall();
  const second = await state(other.name);
  assert.equal(second?.state, 'going-back');
  assert.notEqual(second.deployment, stopped);

  const [set] = (await root.api('quarantineList', { query: {} })).quarantines;
  assert.ok(set);
  assert.deepEqual([set.reason, set.version], [reason, '2.0.0']);
  const document = {
    format: 'xylem-quarantine-lift-1',
    environment: live.id,
    product: 'shop',
    release: set.release,
    version: set.version,
    quarantine: set.id,
    reason: 'A false alarm.',
    issued: '2026-11-21T00:00:00Z',
  } as Lift;
  const envelope = await signDocument(liftPayloadType, encodeLift(document), [anna]);
  await root.api('quarantineLift', { params, body: { envelope: envelope as never } });
  assert.equal((await state(live.name))?.state, 'lifted');
  assert.equal((await show(await deploy(live.name, '2.0.0'))).version, '2.0.0');
  await assert.rejects(deploy(other.name, '2.0.0'), code('E_RECALLED'));
  await recall();
  assert.equal((await state(live.name))?.state, 'lifted', 'their word stands');
  const done = async () => (await root.api('recallShow', { params: { id: begun.id } })).state === 'done';
  await until(done, [() => live.report(), () => other.report()]);
});
