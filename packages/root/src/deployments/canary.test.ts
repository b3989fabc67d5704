import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import {
  encodeOperators,
  nothingRecorded,
  type Operators,
  operatorsPayloadType,
  replayed,
  timeOf,
  toB64u,
} from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { generateKey, signDocument } from '@xylem/trust';
import { bakesBegun } from '../testing/bakes-begun.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixture, rootFixture } from '../testing/root-fixture.ts';
import { type ShiftedClock, shiftedClock } from '../testing/shifted-clock.ts';

/** By its recorded evidence core decides the same again, byte for byte, and finds what was changed. */
async function replays(root: RootFixture, id: string, byReports = true): Promise<void> {
  const { records, decided } = await root.api('deploymentEvidence', { params: { id }, query: {} });
  assert.ok(records.length > 1);
  assert.equal(decided, records.length);
  const run = (documents: readonly string[]): string | null => {
    let recorded = nothingRecorded;
    for (const document of documents) {
      const result = replayed(recorded, document);
      if (typeof result === 'string') return result;
      recorded = result.after;
    }
    return recorded.digest === records.at(-1)?.digest ? null : 'another end';
  };
  const documents = records.map(({ document }) => document);
  assert.equal(run(documents), null);
  const last = documents.at(-1) ?? '';
  assert.match(last, /"state":"failed"/);
  const better = byReports
    ? last
        .replaceAll('"healthy":false', '"healthy":true')
        .replaceAll('"state":"failed"', '"state":"installed"')
    : last.replaceAll(/"bad":(60|500)\b/g, '"bad":0');
  assert.match(
    run([...documents.slice(0, -1), better]) ?? '',
    /Record \d+: recorded was .*decided again it is/s,
  );
  assert.match(run(documents.slice(1)) ?? '', /does not follow the one before it/);
}

/** Hosts that run shop@1.0.0, and a second release. */
async function fleet(t: TestContext, count: number) {
  const clock: ShiftedClock = shiftedClock(-24 * 3600_000);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  await shop.setChannel('stable', '1.0.0');
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', uses: count } });
  const hosts: FakeHost[] = [];
  for (let i = 0; i < count; i += 1) hosts.push(await fakeHost(root, token, { name: `web-${i}` }));
  const folder = await tempFolder(t, 'tuf');
  const show = async (id: string) => await root.api('deploymentShow', { params: { id } });
  const deploy = async (version: string, strategy?: object) => {
    const { deployments } = await root.api('deploymentCreate', {
      body: {
        kind: 'deploy',
        product: 'shop',
        version,
        environments: ['production'],
        ...(strategy ? { strategy } : {}),
      } as never,
    });
    return deployments[0]?.id ?? '';
  };
  /** What each is told, by the root server's own account. */
  const wanted = async (host: FakeHost) =>
    (await root.api('hostShow', { params: { host: host.id } })).components[0]?.wantedVersion;
  const told = async (version: string) => {
    const versions = await Promise.all(hosts.map(wanted));
    return hosts.filter((_, i) => versions[i] === version);
  };
  const obey = async (host: FakeHost, version: string) => {
    const { assignments } = await host.desiredState(`${folder}/${host.id}`);
    await host.report([assignments.find((one) => one.version === version) ?? assert.fail()]);
  };
  const ended = async (id: string, state: string) =>
    await waitUntil(async () => (await show(id)).state === state, 60_000);
  const first = await deploy('1.0.0');
  for (const host of hosts) await obey(host, '1.0.0');
  await ended(first, 'succeeded');
  /** It reports 2.0.0 as failed. */
  const fail = async (host: FakeHost) => {
    const { packages } = await root.api('packageList', { params: { product: 'shop' } });
    const failed = {
      component: 'shop-web',
      product: 'shop',
      kind: 'files',
      package: packages.find(({ version }) => version === '2.0.0')?.package,
      version: '2.0.0',
      tree: '0'.repeat(64),
      previous: null,
      state: 'failed',
      healthy: false,
      since: timeOf(root.clock.now()),
    };
    await host.report(undefined, { components: [failed as never] });
  };
  return { root, clock, shop, hosts, show, deploy, told, obey, ended, fail };
}

test('a canary that fails goes back by itself, and a channel does not bring it again', async (t) => {
  const { root, shop, hosts, show, deploy, told, ended, fail } = await fleet(t, 4);
  const id = await deploy('2.0.0');
  assert.equal((await show(id)).strategy.kind, 'canary', 'by default, with four hosts');
  const [exposed, ...others] = await told('2.0.0');
  assert.equal(others.length, 0);
  await fail(exposed ?? assert.fail());
  await ended(id, 'failed');
  await waitUntil(async () => (await told('1.0.0')).length === hosts.length);
  const { deployments } = await root.api('deploymentList', { query: { product: 'shop' } });
  assert.deepEqual(
    [deployments[0]?.kind, deployments[0]?.version, deployments[0]?.createdBy],
    ['rollback', '1.0.0', `deployment/${id}`],
  );
  const { events } = await root.api('deploymentEvents', { params: { id } });
  assert.match(
    events.find(({ kind }) => kind === 'undo')?.message ?? '',
    /goes back.*not quarantined, since there are no operator keys/,
  );
  await replays(root, id);
  // A restart does not start a second one.
  await root.restart();
  assert.equal((await root.api('deploymentList', { query: { product: 'shop' } })).deployments.length, 3);
  await shop.setChannel('stable', '2.0.0');
  assert.equal((await root.api('deploymentList', { query: { product: 'shop' } })).deployments.length, 3);
});

test('a root server that dies between the failure and the rollback begins one at its next start, with a quarantine', async (t) => {
  const { root, hosts, show, deploy, told, ended, fail } = await fleet(t, 4);
  const params = { tenant: 'default', environment: 'production' };
  const key = generateKey();
  const operators: Operators = {
    format: 'xylem-operators-1',
    environment: (await root.api('environmentShow', { params })).id as Operators['environment'],
    number: 1,
    threshold: 1,
    keys: [{ public: toB64u(key.public), name: 'anna' }],
  };
  const envelope = await signDocument(operatorsPayloadType, encodeOperators(operators), [key]);
  await root.api('operatorsTake', { params, body: { envelope: envelope as never } });
  // It fails in one transaction, and comes no further than that.
  const database = new DatabaseSync(join(root.folder, 'root.db'));
  t.after(() => database.close());
  database.exec(
    "create trigger held before insert on deployments when new.kind = 'rollback' begin select raise(abort, 'held'); end",
  );
  const id = await deploy('2.0.0');
  const [exposed] = await told('2.0.0');
  await fail(exposed ?? assert.fail());
  await ended(id, 'failed');
  const all = async () => (await root.api('deploymentList', { query: { product: 'shop' } })).deployments;
  const rollbacks = async () => (await all()).filter(({ kind }) => kind === 'rollback');
  const quarantined = async () =>
    (await root.api('quarantineList', { query: {} })).quarantines.map(({ version }) => version);
  const due = () =>
    database
      .prepare('select id from deployments where undo_due = 1')
      .all()
      .map((row) => row.id);
  await root.running().close();
  assert.deepEqual(due(), [id]);
  database.exec('drop trigger held');
  for (const start of ['first', 'second']) {
    await root.restart();
    const begun = await rollbacks();
    assert.deepEqual(
      begun.map(({ version, createdBy }) => ({ version, createdBy })),
      [{ version: '1.0.0', createdBy: `deployment/${id}` }],
      `${start} start`,
    );
    assert.deepEqual(await quarantined(), ['2.0.0']);
    assert.deepEqual(due(), []);
  }
  assert.equal((await show(id)).state, 'failed');
  await waitUntil(async () => (await told('1.0.0')).length === hosts.length, 60_000);
  const { events } = await root.api('deploymentEvents', { params: { id } });
  assert.equal(
    events.filter(({ kind, message }) => kind === 'undo' && /is quarantined here/.test(message)).length,
    1,
  );
});

test('a failure that comes and goes while a canary is paused ends it once it goes on, and its record agrees', async (t) => {
  const { root, show, deploy, told, obey, ended, fail } = await fleet(t, 4);
  const id = await deploy('2.0.0');
  const [exposed = assert.fail()] = await told('2.0.0');
  await root.api('deploymentPause', { params: { id } });
  await fail(exposed);
  const failures = async () =>
    (await root.api('deploymentEvents', { params: { id } })).events.filter(
      ({ kind }) => kind === 'host-failed',
    ).length;
  await waitUntil(async () => (await failures()) === 1, 60_000);
  await obey(exposed, '2.0.0');
  await waitUntil(async () => (await show(id)).progress.baking === 1, 60_000);
  assert.deepEqual([(await show(id)).state, (await told('2.0.0')).length], ['paused', 1]);
  await root.api('deploymentResume', { params: { id } });
  await ended(id, 'failed');
  assert.equal(await failures(), 1);
  await replays(root, id);
});

test('step after step, through a new start of the root server in the middle of a bake', async (t) => {
  const { root, clock, hosts, show, deploy, told, obey, ended } = await fleet(t, 4);
  const id = await deploy('2.0.0', { kind: 'canary', steps: [1, '50%'], bakeSeconds: 600 });
  const sizes: number[] = [];
  for (let step = 0; step < 3; step += 1) {
    const size = [1, 2, 4][step];
    await waitUntil(async () => {
      for (const host of await told('2.0.0')) await obey(host, '2.0.0');
      const { progress } = await show(id);
      return (
        progress.admitted === size && progress.done === size && progress.baking === size - (sizes.at(-1) ?? 0)
      );
    }, 60_000);
    await bakesBegun(root, id, await told('2.0.0'));
    const { canary } = await show(id);
    assert.deepEqual([canary?.step, canary?.steps, canary?.exposed], [step + 1, 3, size]);
    assert.ok(Date.parse(canary?.bakingUntil ?? '') > clock.now());
    assert.deepEqual([canary?.evidence, canary?.threshold], [1, 100]);
    sizes.push((await told('2.0.0')).length);
    await root.restart();
    assert.equal((await show(id)).progress.admitted, size, 'baking');
    clock.pass(600_000);
    for (const host of hosts) await host.report();
  }
  assert.deepEqual(sizes, [1, 2, 4]);
  await ended(id, 'succeeded');
});

/** A source that is a program: it says what stands in a file. @returns that file */
async function figuresFrom(root: RootFixture): Promise<string> {
  mkdirSync(join(root.folder, 'metrics'));
  const said = join(root.folder, 'said.json');
  writeFileSync(join(root.folder, 'metrics', 'errors'), `#!/bin/sh\nexec cat ${said}\n`, { mode: 0o755 });
  const body = { kind: 'program' as const, address: 'errors' };
  await root.api('metricSourceSet', { params: { name: 'errors' }, body });
  const params = { tenant: 'default', environment: 'production' };
  const { version, yaml } = await root.api('environmentYaml', { params });
  const metric = 'policy:\n  metrics: [{ name: errors, source: errors, limit: 0.002 }]\n';
  await root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml: `${yaml}${metric}` } });
  return said;
}

test('rolling is judged within the bake of its batch, through a new start of the root server, and goes back', async (t) => {
  const { root, clock, hosts, show, deploy, told, obey, ended } = await fleet(t, 6);
  const said = await figuresFrom(root);
  const id = await deploy('2.0.0', { kind: 'rolling', maxUnavailable: 3, bakeSeconds: 800 });
  await waitUntil(async () => {
    for (const host of await told('2.0.0')) await obey(host, '2.0.0');
    return (await show(id)).progress.baking === 3;
  }, 60_000);
  const batch = await told('2.0.0');
  assert.equal(batch.length, 3);
  await bakesBegun(root, id, batch);
  const answer = (bad: number) => {
    const counts = hosts.map((host, i) => ({
      host: `web-${i}`,
      bad: batch.includes(host) ? bad : 0,
      all: 1000,
    }));
    writeFileSync(said, JSON.stringify({ hosts: counts }));
  };
  const looked = async () => {
    for (const host of hosts) await host.report();
    const { records } = await root.api('deploymentEvidence', { params: { id }, query: {} });
    return records.filter(({ document }) => /"figures":\{"look"/.test(document)).length;
  };
  answer(3);
  clock.pass(100_000);
  await waitUntil(async () => (await looked()) === 1, 60_000);
  assert.deepEqual([(await show(id)).state, (await told('2.0.0')).length], ['running', 3]);
  await root.restart();
  answer(60);
  clock.pass(300_000);
  await waitUntil(async () => (await looked()) === 2, 60_000);
  await ended(id, 'failed');
  assert.match((await show(id)).reason ?? '', /3 hosts exposed\. errors: worse than it may be/);
  await waitUntil(async () => (await told('1.0.0')).length === hosts.length, 60_000);
  rmSync(said);
  await replays(root, id, false);
});

test('figures of a program judge it: bad ones take it back, and replay needs no program', async (t) => {
  const { root, clock, hosts, show, deploy, told, obey, ended } = await fleet(t, 6);
  const said = await figuresFrom(root);

  const id = await deploy('2.0.0', {
    kind: 'canary',
    steps: [1, 3],
    bakeSeconds: 600,
    maxUnavailable: '100%',
  });
  assert.deepEqual((await show(id)).metrics, ['errors']);
  const sizes: number[] = [];
  while ((await show(id)).state === 'running') {
    assert.ok(sizes.length < 3);
    await waitUntil(async () => {
      for (const host of await told('2.0.0')) await obey(host, '2.0.0');
      const { progress } = await show(id);
      return progress.admitted > (sizes.at(-1) ?? 0) && progress.done === progress.admitted;
    }, 60_000);
    const exposed = await told('2.0.0');
    sizes.push(exposed.length);
    await bakesBegun(root, id, exposed);
    clock.pass(600_000);
    // Nothing can be had at first: that is said, and is no pass.
    rmSync(said, { force: true });
    for (const host of hosts) await host.report();
    await waitUntil(
      async () => /No data: errors: .*failed|Waits for figures/.test((await show(id)).reason ?? ''),
      60_000,
    );
    const bad = await told('2.0.0');
    const figures = hosts.map((host, i) => ({
      host: `web-${i}`,
      bad: bad.includes(host) ? 500 : 0,
      all: 1000,
    }));
    writeFileSync(said, JSON.stringify({ hosts: figures }));
    clock.pass(20_000);
    const before = sizes.at(-1) ?? 0;
    await waitUntil(async () => {
      for (const host of hosts) await host.report();
      const { state, progress } = await show(id);
      return state !== 'running' || progress.admitted > before;
    }, 60_000);
  }
  await ended(id, 'failed');
  assert.ok((sizes.at(-1) ?? 6) < 6, `everyone had it: ${sizes.join(', ')}`);
  assert.match((await show(id)).reason ?? '', /errors: worse than it may be/);
  await waitUntil(async () => (await told('1.0.0')).length === hosts.length);
  rmSync(said);
  await replays(root, id, false);
});
