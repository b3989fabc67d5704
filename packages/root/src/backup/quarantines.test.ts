import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeOperators, type Operators, operatorsPayloadType, toB64u } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { generateKey, signDocument } from '@xylem/trust';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { relayCopy } from '../testing/relay-copy.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('what was quarantined after the backup is so again, with those who may lift it', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '2.0.0', { 'index.html': 'two' });
  await shop.release('2.0.0', { 'shop-web': '2.0.0' });
  const { id, name } = await root.api('environmentCreate', { body: { name: 'production' } });
  const [tenant = '', environment = ''] = name.split('/');
  const params = { tenant, environment };
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', serve: true } });
  const relay = await fakeHost(root, token, { name: 'relay', serve: true });
  const out = join(await tempFolder(t, 'backup'), 'out');
  await root.api('backupCreate', { body: { out } });

  const anna = generateKey();
  const document: Operators = {
    format: 'xylem-operators-1',
    environment: id as Operators['environment'],
    number: 1,
    threshold: 1,
    keys: [{ public: toB64u(anna.public), name: 'anna' }],
  };
  const envelope = await signDocument(operatorsPayloadType, encodeOperators(document), [anna]);
  await root.api('operatorsTake', { params, body: { envelope: envelope as never } });
  const body = {
    product: 'shop',
    version: '2.0.0',
    environments: ['production'],
    reason: 'It loses orders.',
  };
  const [set] = (await root.api('quarantineSet', { body })).quarantines;
  const tuf = await tempFolder(t, 'tuf');
  const { number } = await relay.desiredState(tuf);
  const held = { quarantine: { operators: 1, held: [set?.id ?? ''] }, direction: { snapshot: 1, number } };
  const url = await relayCopy(t, relay, root.folder);

  const again = await restoredFixture(t, root, out);
  relay.moveTo(again);
  await relay.report([], { ...held, serves: { url, children: [] } });
  const before = await again.api('quarantineList', { query: {} });
  assert.deepEqual(
    before.unknown.map((one) => one.id),
    [set?.id],
    'hosts know what the backup does not',
  );
  const said = await waitUntil(async () => {
    const { lost } = await again.api('restored');
    return lost.find((sentence) => sentence.includes('shop@2.0.0'));
  });
  assert.match(said, /^Quarantined in .*production/);
  await again.api('restoreConfirm', { body: { keep: 'backup' } });
  const state = await relay.desiredState(tuf);
  assert.deepEqual(
    state.quarantined?.map((one) => one.id),
    [set?.id],
  );
  assert.equal(state.operators?.length, 1);
  await assert.rejects(
    again.api('deploymentCreate', {
      body: { kind: 'deploy', product: 'shop', version: '2.0.0', environments: ['production'] },
    }),
    (error: unknown) => (error as { code?: string }).code === 'E_QUARANTINED',
  );
});
