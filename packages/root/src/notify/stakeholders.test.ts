import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../db/open.ts';
import { databaseOf, readConfig, statePaths } from '../state/folder.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { forgetStakeholders } from './stakeholders.ts';

const day = 24 * 3600_000;

test('those whom a plan names are told of it once, whatever its tenants, and of no other plan', async (t) => {
  const root = await rootFixture(t);
  const { api } = root;
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  for (const name of ['acme/production', 'beta/production'])
    await api('environmentCreate', { body: { name } });
  const planned = async (notify: string) => {
    const yaml = `release: shop@1.0.0\nstages: [{ to: '*/production' }]\natOnce: 100%\n${notify}`;
    return await api('planCreateFile', { body: { yaml } });
  };
  await assert.rejects(
    planned('notify: { mail: [Ops <ops@acme.example>] }\n'),
    /plan:\d+:\d+.*one address of mail/,
  );

  const { id } = await planned('notify: { mail: [board@acme.example, qa@acme.example] }\n');
  assert.deepEqual((await api('planShow', { params: { id } })).notify, {
    mail: ['board@acme.example', 'qa@acme.example'],
  });
  assert.deepEqual((await api('subscriptionList')).subscriptions, [], 'nobody before it begins');
  await api('planStart', { params: { id }, body: {} });
  await api('planStop', { params: { id }, body: { reason: 'acme waits' } });

  const other = await planned(
    'notify: { mail: [board@acme.example], topics: [deployment.started, plan.stopped] }\n',
  );
  await api('planStart', { params: { id: other.id }, body: {} });
  const { deliveries } = await api('deliveryList', { query: {} });
  const told = (plan: string, to: string) =>
    deliveries
      .filter((one) => one.target === to && (one.subject === `plan/${plan}` || plan === other.id))
      .map(({ topic, message }) => `${topic}: ${message}`)
      .filter((one) => plan !== other.id || one.startsWith('deployment'))
      .sort();
  const title = `The plan ${id} (shop@1.0.0)`;
  for (const to of ['board@acme.example', 'qa@acme.example']) {
    assert.deepEqual(told(id, to), [
      `plan.started: ${title} was started.`,
      `plan.stopped: ${title} was stopped: acme waits.`,
    ]);
  }
  assert.equal(told(other.id, 'board@acme.example').length, 2, 'a deployment in each environment');
  assert.deepEqual(told(other.id, 'qa@acme.example'), []);

  const paths = statePaths(root.folder);
  const db = await openDatabase(databaseOf(paths, await readConfig(paths)));
  t.after(() => db.destroy());
  const { clock } = root;
  const left = async () => (await api('subscriptionList')).subscriptions.map(({ plan }) => plan);
  await forgetStakeholders(db, clock.now() + 29 * day);
  assert.equal((await left()).length, 3);
  await forgetStakeholders(db, clock.now() + 31 * day);
  assert.deepEqual(await left(), [other.id]);
});
