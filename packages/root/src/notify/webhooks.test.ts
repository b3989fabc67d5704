import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { notificationSchema, parseNotification } from '@xylem/core';
import { silentLog, systemRandomness } from '@xylem/platform';
import { postgres, waitUntil } from '@xylem/testkit';
import { Webhook } from 'standardwebhooks';
import { openDatabase } from '../db/open.ts';
import { databaseOf, readConfig, statePaths } from '../state/folder.ts';
import { apiClient } from '../testing/api-client.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { type Received, type Receiver, receiver } from '../testing/receiver.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { runDelivery } from './run.ts';

const patient = 60_000;

/** A root server with an environment, whose time a test moves. */
async function begin(t: TestContext, options: RootFixtureOptions = {}) {
  const clock = shiftedClock(-30 * 24 * 3600_000);
  const root = await rootFixture(t, { clock, ...options });
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const hook = await receiver(t);
  const subscribe = async (to: Receiver = hook, topics = ['*']) => {
    const body = { kind: 'webhook' as const, url: to.url, topics, scope: 'acme/production' };
    const { subscription, secret } = await root.api('subscriptionCreate', { body });
    return { id: subscription.id, secret: secret ?? '' };
  };
  const ask = async (id: string) => (await root.api('subscriptionTest', { params: { id } })).id;
  const shown = (id: string) => root.api('deliveryShow', { params: { id } });
  return { root, clock, hook, subscribe, ask, shown };
}

const failing =
  (status: number, headers: Record<string, string> = {}): Parameters<Receiver['answer']>[0] =>
  (response) =>
    void response.writeHead(status, headers).end('no');

/** The library that most receivers use; it looks at the time, too. */
const verify = (secret: string, { body, headers }: Received): unknown =>
  new Webhook(secret).verify(body, { ...headers, 'webhook-timestamp': headers['webhook-timestamp'] ?? '' });

const databases = { sqlite: false, postgres: true } as const;
for (const [kind, isPostgres] of Object.entries(databases)) {
  test(`transitions of a deployment are told, signed, in their order (${kind})`, async (t) => {
    const server = isPostgres ? await postgres(t) : null;
    if (server !== null && 'skip' in server) return t.skip(server.skip);
    const root = await rootFixture(
      t,
      server === null ? {} : { database: { kind: 'postgres', url: await server.createDatabase('root') } },
    );
    const { id: environment } = await root.api('environmentCreate', { body: { name: 'acme/production' } });
    await root.api('environmentCreate', { body: { name: 'acme/test' } });
    const hook = await receiver(t);
    const body = {
      kind: 'webhook' as const,
      url: hook.url,
      topics: ['deployment.*'],
      scope: 'acme/production',
    };
    const { secret } = await root.api('subscriptionCreate', { body });
    const id = await deployment(t, root, 'acme/production');
    await deployment(t, root, 'acme/test', 'other');
    await root.api('deploymentPause', { params: { id } });
    await root.api('deploymentResume', { params: { id } });
    await root.api('deploymentAbort', { params: { id } });
    await waitUntil(() => hook.received.length >= 4, patient);
    const told = hook.received.map(({ notification }) => notification);
    assert.deepEqual(
      told.map(({ type }) => type),
      ['deployment.started', 'deployment.paused', 'deployment.running', 'deployment.aborted'],
    );
    for (const received of hook.received) verify(secret ?? '', received);
    const [first] = told;
    assert.deepEqual(parseNotification(hook.received[0]?.body), first);
    assert.equal(first?.data.environment, 'acme/production');
    assert.equal(first.data.subject, `deployment/${id}`);
    assert.deepEqual(
      { ...first.data.details, id: environment },
      { deployment: id, kind: 'deploy', product: 'shop', version: '1.0.0', from: null, id: environment },
    );
    const ids = hook.received.map(({ headers }) => headers['webhook-id']);
    assert.equal(new Set(ids).size, 4);
    const { deliveries } = await waitUntil(async () => {
      const list = await root.api('deliveryList', { query: { state: 'delivered' } });
      return list.deliveries.length === 4 ? list : null;
    }, patient);
    assert.deepEqual(deliveries.map((one) => one.id).reverse(), ids, 'the newest first');
  });
}

async function deployment(t: TestContext, root: RootFixture, environment: string, product = 'shop') {
  const shop = await publisher(t, root, product);
  await shop.publish(`${product}-web`, '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { [`${product}-web`]: '1.0.0' });
  const { token } = await root.api('tokenCreate', { body: { environment } });
  await fakeHost(root, token, { name: 'web-1' });
  const { deployments } = await root.api('deploymentCreate', {
    body: { kind: 'deploy', product, version: '1.0.0', environments: [environment] },
  });
  return deployments[0]?.id ?? '';
}

test('a failure is tried again with the same id, over a restart, and nothing overtakes it at first', async (t) => {
  const { root, clock, hook, subscribe, ask, shown } = await begin(t);
  const { id } = await subscribe();
  hook.answer(failing(500));
  const first = await ask(id);
  await waitUntil(async () => (await shown(first)).attempts === 1, patient);
  const second = await ask(id);
  const waits = await shown(first);
  assert.equal(waits.outcome, 'answered 500');
  assert.ok(waits.next !== null && waits.last !== null && waits.next > waits.last);
  await root.restart();
  assert.deepEqual(await shown(first), waits, 'the time of the next attempt is in the database');
  hook.answer((response) => response.writeHead(200).end());
  clock.pass(13_000);
  await waitUntil(async () => (await shown(second)).state === 'delivered', patient);
  assert.deepEqual(
    hook.received.map(({ headers }) => headers['webhook-id']),
    [first, first, second],
  );
});

test('what failed five times is set aside, what failed for three days is dead, and is replayed by hand', async (t) => {
  const { root, clock, hook, subscribe, ask, shown } = await begin(t);
  const { id } = await subscribe();
  hook.answer((response, { headers }) => {
    response.writeHead(headers['webhook-id'] === bad ? 500 : 200).end();
  });
  const bad: string = await ask(id);
  for (let attempts = 1; attempts < 5; attempts += 1) {
    await waitUntil(async () => (await shown(bad)).attempts === attempts, patient);
    clock.pass(400_000);
  }
  const late = await ask(id);
  await waitUntil(async () => (await shown(late)).state === 'delivered', patient);
  assert.equal((await shown(bad)).state, 'pending');
  clock.pass(73 * 3600_000);
  await waitUntil(async () => (await shown(bad)).state === 'dead', patient);
  const { deliveries } = await root.api('deliveryList', { query: { state: 'dead' } });
  assert.deepEqual(
    deliveries.map((one) => one.id),
    [bad],
  );
  hook.answer((response) => response.writeHead(204).end());
  assert.deepEqual(await root.api('subscriptionReplay', { params: { id } }), { replayed: 1 });
  await waitUntil(async () => (await shown(bad)).state === 'delivered', patient);
  await root.api('deliveryReplay', { params: { id: late } });
  await waitUntil(() => hook.received.at(-1)?.headers['webhook-id'] === late, patient);
  const { entries } = await root.api('auditList');
  assert.equal(entries.filter(({ entry }) => entry['what'] === 'subscription.replay').length, 2);
});

test('a receiver that hangs holds up no other, and redirects are not followed', async (t) => {
  const { hook, subscribe, ask, shown } = await begin(t);
  const hanging = await receiver(t);
  hanging.answer(() => undefined);
  const elsewhere = await receiver(t);
  hook.answer((response, { headers }) => {
    if (headers['webhook-id'] === moved) response.writeHead(307, { location: elsewhere.url }).end();
    else response.writeHead(204).end();
  });
  const stuck = await ask((await subscribe(hanging)).id);
  await waitUntil(() => hanging.received.length === 1, patient);
  const { id } = await subscribe();
  const moved: string = await ask(id);
  await waitUntil(async () => (await shown(moved)).attempts === 1, patient);
  assert.match((await shown(moved)).outcome ?? '', /answered 307; redirects are not followed/);
  assert.equal(elsewhere.received.length, 0);
  await waitUntil(async () => (await shown(stuck)).outcome !== null, patient);
  assert.match((await shown(stuck)).outcome ?? '', /does not answer within 15 s/);
});

test('410 disables a subscription and says so, until somebody enables it', async (t) => {
  const { root, hook, subscribe, ask, shown } = await begin(t);
  const { id } = await subscribe();
  hook.answer(failing(410));
  const gone = await ask(id);
  await waitUntil(async () => (await shown(gone)).state === 'dead', patient);
  const { disabled, dead } = await root.api('subscriptionShow', { params: { id } });
  assert.match(disabled?.reason ?? '', /answered 410/);
  assert.equal(dead, 1);
  const refused = root.api('subscriptionTest', { params: { id } });
  await assert.rejects(refused, { status: 409, message: /disabled.*xylem webhook enable/ });
  hook.answer((response) => response.writeHead(204).end());
  await root.api('subscriptionEnable', { params: { id } });
  await root.api('subscriptionReplay', { params: { id } });
  await waitUntil(async () => (await shown(gone)).state === 'delivered', patient);
});

test('after a rotation both secrets sign until the old one ends', async (t) => {
  const { root, clock, hook, subscribe, ask } = await begin(t);
  const { id, secret: old } = await subscribe();
  const { secret } = await root.api('subscriptionRotate', { params: { id }, body: { keepSeconds: 3600 } });
  const signatures = async () => {
    const count = hook.received.length;
    await ask(id);
    await waitUntil(() => hook.received.length > count, patient);
    return hook.received.at(-1)?.headers['webhook-signature']?.split(' ').length;
  };
  assert.equal(await signatures(), 2);
  clock.pass(3601_000);
  assert.equal(await signatures(), 1);
  assert.notEqual(old, secret);
  for (const answer of [await root.api('subscriptionList'), await root.api('auditList')])
    assert.ok(!JSON.stringify(answer).includes((secret ?? '').slice(6)));
});

test('who does not operate everything reaches no network inside, by number or by name', async (t) => {
  const { root, hook, shown } = await begin(t);
  const grants = [{ role: 'operator' as const, scope: 'acme' }];
  const { token } = await root.api('apiTokenCreate', { body: { name: 'acme', grants } });
  const acme = apiClient(() => root.running().apiUrl, token);
  const create = (url: string, scope = 'acme') =>
    acme('subscriptionCreate', { body: { kind: 'webhook', url, topics: ['*'], scope } });
  await assert.rejects(create(hook.url), { status: 400, message: /lies in a network inside/ });
  await assert.rejects(create('https://user:word@hooks.example/'), { status: 400 });
  await assert.rejects(create('https://hooks.example/', '*'), { status: 403 });
  await assert.rejects(create('https://hooks.example/', 'other'), { status: 403 });
  const { subscription } = await create(hook.url.replace('127.0.0.1', 'localhost'));
  const { id } = await acme('subscriptionTest', { params: { id: subscription.id } });
  await waitUntil(async () => (await shown(id)).attempts === 1, patient);
  assert.match((await shown(id)).outcome ?? '', /lies in a network inside/);
  assert.equal(hook.received.length, 0);
});

test('a restored root server sends nothing until it is confirmed', async (t) => {
  const { root, clock, hook, subscribe, ask, shown } = await begin(t);
  const { id } = await subscribe();
  hook.answer(failing(500));
  const waits = await ask(id);
  await waitUntil(async () => (await shown(waits)).attempts === 1, patient);
  await root.running().close();
  clock.pass(20_000);
  const paths = statePaths(root.folder);
  const db = await openDatabase(databaseOf(paths, await readConfig(paths)));
  const stop = new AbortController();
  let looks = 0;
  const looksWhenSent: number[] = [];
  hook.answer((response) => {
    looksWhenSent.push(looks);
    response.writeHead(204).end();
  });
  const restored = {
    isRestored: () => {
      looks += 1;
      return looks <= 3;
    },
  };
  const parts = { db, clock, restored, randomness: systemRandomness, log: silentLog };
  const running = runDelivery({ ...parts, signal: stop.signal });
  await waitUntil(() => looksWhenSent.length === 1, patient);
  assert.ok((looksWhenSent[0] ?? 0) > 3);
  stop.abort();
  await running;
  await db.destroy();
});

test('the published JSON Schema is the one that is kept to', async () => {
  const file = new URL('../../../../docs/spec/notification.schema.json', import.meta.url);
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'xylem-notification-1',
    ...notificationSchema,
  });
});
