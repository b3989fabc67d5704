import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import {
  encodeLift,
  encodeOperators,
  type Lift,
  liftPayloadType,
  type Operators,
  operatorsPayloadType,
  toB64u,
} from '@xylem/core';
import { cleanup, postgres, tempFolder, waitUntil } from '@xylem/testkit';
import { generateKey, type KeyPair, signDocument } from '@xylem/trust';
import { sql } from 'kysely';
import { lockFor } from '../db/lock.ts';
import { openDatabase } from '../db/open.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { needLifts } from './carried.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;

function signedOperators(
  environment: string,
  number: number,
  keys: readonly KeyPair[],
  signers: readonly KeyPair[],
) {
  const document: Operators = {
    format: 'xylem-operators-1',
    environment: environment as Operators['environment'],
    number,
    threshold: 1,
    keys: keys.map((key) => ({ public: toB64u(key.public), name: 'anna' })),
  };
  return signDocument(operatorsPayloadType, encodeOperators(document), signers);
}

/** An environment with two hosts at 1.0.0 of a product that also has 2.0.0. */
async function fleet(t: TestContext, options: RootFixtureOptions = {}) {
  const root = await rootFixture(t, options);
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  const { id, name } = await root.api('environmentCreate', { body: { name: 'production' } });
  const [tenant = '', environment = ''] = name.split('/');
  const params = { tenant, environment };
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', uses: 10 } });
  const hosts = [await fakeHost(root, token, { name: 'a' }), await fakeHost(root, token, { name: 'b' })];
  const folder = await tempFolder(t, 'tuf');
  const state = () => (hosts[0] as FakeHost).desiredState(folder);
  const deploy = (version: string, kind: 'deploy' | 'rollback' = 'deploy') =>
    root.api('deploymentCreate', { body: { kind, product: 'shop', version, environments: ['production'] } });
  const settle = async (): Promise<void> => {
    for (const host of hosts) await host.report((await state()).assignments);
  };
  const operators = async (number: number, keys: readonly KeyPair[], signers: readonly KeyPair[]) => {
    const envelope = await signedOperators(id, number, keys, signers);
    return await root.api('operatorsTake', { params, body: { envelope: envelope as never } });
  };
  const quarantine = async (version: string) => {
    const body = { product: 'shop', version, environments: ['production'], reason: 'It loses orders.' };
    return (await root.api('quarantineSet', { body })).quarantines[0];
  };
  const lift = async (
    of: { product: string; release: string; version: string; id: string },
    key: KeyPair,
    changes: Partial<Lift> = {},
    where = params,
  ) => {
    const document = {
      format: 'xylem-quarantine-lift-1',
      environment: id,
      product: of.product,
      release: of.release,
      version: of.version,
      quarantine: of.id,
      reason: 'A false alarm.',
      issued: '2026-11-21T00:00:00Z',
      ...changes,
    } as Lift;
    const envelope = await signDocument(liftPayloadType, encodeLift(document), [key]);
    return await root.api('quarantineLift', { params: where, body: { envelope: envelope as never } });
  };
  return { root, shop, id, params, hosts, state, deploy, settle, operators, quarantine, lift };
}

test('a quarantine needs operators, stops a deployment, and holds until they lift it', async (t) => {
  const { root, state, deploy, settle, operators, quarantine, lift } = await fleet(t);
  await deploy('1.0.0');
  await settle();
  await assert.rejects(quarantine('2.0.0'), code('E_NO_OPERATORS'));
  const [anna, thief] = [generateKey(), generateKey()];
  await assert.rejects(operators(1, [anna], [thief]), code('E_OPERATORS_INVALID'));
  await operators(1, [anna], [anna]);
  const { deployments } = await deploy('2.0.0');
  const set = await quarantine('2.0.0');
  assert.ok(set);
  const under = await root.api('deploymentShow', { params: { id: deployments[0]?.id ?? '' } });
  assert.equal(under.state, 'failed');
  assert.match(under.reason ?? '', /quarantined by .*: It loses orders\./);
  assert.equal((await quarantine('2.0.0'))?.id, set.id, 'said twice it is one');
  assert.deepEqual(
    (await state()).quarantined?.map((one) => one.id),
    [set.id],
  );
  await root.restart();
  for (const kind of ['deploy', 'rollback'] as const)
    await assert.rejects(deploy('2.0.0', kind), code('E_QUARANTINED'));
  // Taking the failed deployment back undoes no quarantine.
  await root.api('deploymentCreate', {
    body: { kind: 'rollback', product: 'shop', environments: ['production'] },
  });
  assert.equal((await state()).quarantined?.length, 1);
  const yaml = 'environment: default/production\nproducts:\n  shop: { release: 2.0.0 }\n';
  const params = { tenant: 'default', environment: 'production' };
  const { version } = await root.api('environmentYaml', { params });
  await assert.rejects(
    root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml } }),
    code('E_QUARANTINED'),
  );
  await assert.rejects(lift(set, thief), code('E_LIFT_INVALID'));
  await assert.rejects(lift(set, anna, { version: '1.0.0' as never }), code('E_LIFT_INVALID'));
  const lifted = (await lift(set, anna)).quarantines[0]?.lifted;
  assert.equal(lifted?.reason, 'A false alarm.');
  const after = await state();
  assert.equal(after.quarantined, undefined);
  assert.equal(after.lifts?.length, 1);
  await deploy('2.0.0');
  const { entries } = await root.api('auditList', { query: {} });
  const said = entries.map(({ entry }) => entry.what);
  for (const what of ['operators.set', 'release.quarantine', 'release.lift'])
    assert.ok(said.includes(what), what);
});

test('a dry run says which environments fit, refuses what would be refused, and changes nothing', async (t) => {
  const { root, state, operators } = await fleet(t);
  await root.api('environmentCreate', { body: { name: 'spare' } });
  const word = { product: 'shop', version: '2.0.0', reason: 'It loses orders.', dryRun: true };
  const dry = (pattern: string, version = '2.0.0') =>
    root.api('quarantineSet', { body: { ...word, version, environments: [pattern] } });
  await assert.rejects(dry('prod*'), code('E_NO_OPERATORS'));
  const anna = generateKey();
  await operators(1, [anna], [anna]);
  const meant = await dry('prod*');
  assert.deepEqual(
    meant.environments.map(({ name }) => name),
    ['default/production'],
  );
  assert.deepEqual(meant.quarantines, []);
  await assert.rejects(dry('*'), code('E_NO_OPERATORS'));
  await assert.rejects(dry('prod*', '3.0.0'), code('E_NOT_FOUND'));
  assert.deepEqual((await root.api('quarantineList')).quarantines, []);
  assert.equal((await state()).quarantined, undefined);
  const { entries } = await root.api('auditList', { query: { what: 'release.quarantine' } });
  assert.deepEqual(entries, []);
});

test('a lift is carried while a host may need it, and again when one holds', async (t) => {
  const { root, hosts, state, settle, operators, quarantine, lift } = await fleet(t);
  const anna = generateKey();
  await operators(1, [anna], [anna]);
  const set = await quarantine('2.0.0');
  assert.ok(set);
  await settle();
  const [first, second] = hosts as [FakeHost, FakeHost];
  await second.report([], { quarantine: { operators: 1, held: [set.id] } });
  await lift(set, anna);
  // A start directs what has changed.
  const publish = () => root.restart();
  const { number } = await state();
  const direction = { snapshot: 1, number };
  await first.report([], { direction });
  await publish();
  assert.equal((await state()).lifts?.length, 1, 'the second has not reported it');
  await second.report([], { direction, quarantine: { operators: 1, held: [set.id] } });
  await publish();
  assert.equal((await state()).lifts?.length, 1, 'the second still holds');
  await second.report([], { direction });
  await publish();
  assert.equal((await state()).lifts, undefined);
  await publish();
  // Brought back from an old copy of its folder.
  await second.report([], { direction, quarantine: { operators: 1, held: [set.id] } });
  await waitUntil(async () => (await state()).lifts?.length === 1);
});

test('new operators take the place of those before by their signatures, and their lifts alone go on', async (t) => {
  const { hosts, state, operators, quarantine, lift } = await fleet(t);
  const [anna, bernd] = [generateKey(), generateKey()];
  await operators(1, [anna], [anna]);
  const set = await quarantine('2.0.0');
  assert.ok(set);
  await (hosts[0] as FakeHost).report([], { quarantine: { operators: 1, held: [set.id] } });
  await lift(set, anna);
  await assert.rejects(operators(2, [bernd], [bernd]), code('E_OPERATORS_INVALID'));
  const { documents } = await operators(2, [bernd], [anna, bernd]);
  assert.deepEqual(
    documents.map((one) => one.number),
    [1, 2],
  );
  const after = await state();
  assert.equal(after.lifts, undefined);
  assert.equal(after.operators?.length, 2);
  await assert.rejects(lift(set, anna), code('E_LIFT_INVALID'));
  await lift(set, bernd);
  assert.equal((await state()).lifts?.length, 1);
});

test('a channel that moves to a quarantined release waits, and is followed once that is lifted', async (t) => {
  const { root, shop, params, state, deploy, operators, quarantine, lift, settle } = await fleet(t);
  const anna = generateKey();
  await operators(1, [anna], [anna]);
  await deploy('1.0.0');
  await settle();
  const set = await quarantine('2.0.0');
  assert.ok(set);
  await shop.setChannel('stable', '1.0.0');
  const { version, yaml } = await root.api('environmentYaml', { params });
  const body = { baseVersion: version, yaml: yaml.replace('shop: {}', 'shop: { channel: stable }') };
  await root.api('environmentYamlPut', { params, body });
  await shop.setChannel('stable', '2.0.0');
  const versions = async () => (await state()).assignments.map((one) => one.version as string);
  assert.deepEqual(await versions(), ['1.0.0']);
  await lift(set, anna);
  await waitUntil(async () => (await versions()).includes('2.0.0'));
});

test('a host that came from another environment is told of the lift where it is now', async (t) => {
  const { root, id, operators, quarantine, lift } = await fleet(t);
  const anna = generateKey();
  await operators(1, [anna], [anna]);
  const set = await quarantine('2.0.0');
  assert.ok(set);
  await root.api('environmentCreate', { body: { name: 'staging' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'staging' } });
  // As one that moved reports: it holds what it was told before.
  const moved = await fakeHost(root, token, { name: 'moved' });
  await moved.report([], { quarantine: { operators: 0, held: [set.id] } });
  await lift(set, anna);
  await moved.report([], { quarantine: { operators: 0, held: [set.id] } });
  const tuf = await tempFolder(t, 'moved');
  await waitUntil(async () => (await moved.desiredState(tuf)).lifts?.length === 1);
  const { operators: chain = [] } = await moved.desiredState(tuf);
  assert.equal(JSON.parse(Buffer.from(String(chain[0]?.payload), 'base64').toString()).environment, id);
  await moved.report();
  await root.restart();
  assert.equal((await moved.desiredState(tuf)).lifts, undefined);
});

test('another tenant learns nothing by a lift of what its host brought along, and changes nothing', async (t) => {
  const { root, id, hosts, state, operators, quarantine, lift } = await fleet(t);
  const [anna, eve] = [generateKey(), generateKey()];
  await operators(1, [anna], [anna]);
  const set = await quarantine('2.0.0');
  assert.ok(set);
  const other = await root.api('environmentCreate', { body: { name: 'globex/production' } });
  const there = { tenant: 'globex', environment: 'production' };
  const envelope = await signedOperators(other.id, 1, [eve], [eve]);
  await root.api('operatorsTake', { params: there, body: { envelope: envelope as never } });
  const environment = other.id as Lift['environment'];
  const guess = { ...set, version: '9.9.9', product: 'guess' };
  await assert.rejects(
    lift(guess, eve, { environment }, there),
    (error: unknown) => code('E_LIFT_INVALID')(error) && !/shop|2\.0\.0/.test(String(error)),
  );
  // Neither of one that only hosts know, whose lift stands here.
  const unknown = { ...set, id: 'f'.repeat(32) };
  await (hosts[0] as FakeHost).report([], { quarantine: { operators: 1, held: [unknown.id] } });
  await lift(unknown, anna);
  await assert.rejects(lift(unknown, eve, { environment }, there), code('E_LIFT_INVALID'));
  assert.equal((await state()).lifts?.length, 1);

  // What its host reports is never answered by direction there, so it wakes none.
  const db = await openDatabase({ kind: 'sqlite', file: `${root.folder}/root.db` });
  t.after(() => db.destroy());
  const says = (from: string) =>
    [{ environment: from, quarantine: { operators: 0, held: [unknown.id] } }] as never;
  assert.deepEqual([...(await needLifts(db, says(other.id)))], []);
  const { id: sibling } = await root.api('environmentCreate', { body: { name: 'staging' } });
  assert.deepEqual([...(await needLifts(db, says(sibling)))], [sibling]);
  assert.ok(id !== sibling);
});

test('a lift waits for operators that are being replaced, and is judged by the new ones', {
  skip: 'skip' in server ? server.skip : false,
}, async (t) => {
  if ('skip' in server) return;
  const url = await server.createDatabase('operators');
  const { id, operators, quarantine, lift } = await fleet(t, { database: { kind: 'postgres', url } });
  const [anna, bernd] = [generateKey(), generateKey()];
  await operators(1, [anna], [anna]);
  const set = await quarantine('2.0.0');
  assert.ok(set);
  const db = await openDatabase({ kind: 'postgres', url });
  t.after(() => db.destroy());
  const envelope = await signedOperators(id, 2, [bernd], [anna, bernd]);
  const values = {
    environment: id,
    number: 2,
    envelope: JSON.stringify(envelope),
    set_by: 'x',
    created_ms: 0,
  };
  const lifting = await db.transaction().execute(async (trx) => {
    await lockFor(trx, `operators/${id}`);
    const asked = lift(set, anna).then(
      () => 'lifted',
      (error: unknown) => (error as { code?: string }).code,
    );
    // Another request that has the database's answer: the lift has come as far as it can.
    await waitUntil(async () => {
      const { rows } =
        await sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`.execute(
          db,
        );
      return rows.length > 0 || (await Promise.race([asked, Promise.resolve('waits')])) !== 'waits';
    });
    await trx.insertInto('operators').values(values).execute();
    return { asked };
  });
  assert.equal(await lifting.asked, 'E_LIFT_INVALID');
});
