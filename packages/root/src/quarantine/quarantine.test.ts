import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  encodeLift,
  encodeOperators,
  type Lift,
  liftPayloadType,
  type Operators,
  operatorsPayloadType,
  toB64u,
} from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { generateKey, type KeyPair, signDocument } from '@xylem/trust';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;

/** An environment with two hosts at 1.0.0 of a product that also has 2.0.0. */
async function fleet(t: TestContext) {
  const root = await rootFixture(t);
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
    const document: Operators = {
      format: 'xylem-operators-1',
      environment: id as Operators['environment'],
      number,
      threshold: 1,
      keys: keys.map((key) => ({ public: toB64u(key.public), name: 'anna' })),
    };
    const envelope = await signDocument(operatorsPayloadType, encodeOperators(document), signers);
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
    return await root.api('quarantineLift', { params, body: { envelope: envelope as never } });
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
