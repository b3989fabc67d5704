import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

test('a relay holds the whole closure before it shows a state, and serves it to its environment only', async (t) => {
  const { installation, vendor, production, root, deploy } = await world(t);
  const other = await installation.addEnvironment('other/production');
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const { packs, tree, snapshot } = await deploy('1.0.0');
  const relay = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  const host = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  const path = `${relay.url}/r/${production.id}/metadata/timestamp.json`;
  assert.equal((await host.get(path)).status, 200);
  assert.equal((await host.get(`${relay.url}/o/${vendor.domain}/offers/${tree}`)).status, 200);
  for (const pack of packs)
    assert.equal((await host.get(`${relay.url}/o/${vendor.domain}/${pack}`)).status, 200);
  assert.equal((await host.get(`${relay.url}/r/${vendor.id}/metadata/timestamp.json`)).status, 200);
  const stranger = clientOf(t, await installation.join(other, { parents: [relay.url] }));
  assert.equal((await stranger.get(path)).status, 404);
  assert.equal((await stranger.get(`${relay.url}/o/${vendor.domain}/offers/${tree}`)).status, 404);
  assert.equal(relay.status().faults.length, 0);
});

test('a change travels down a chain of three relays, each object once a link', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const urls = [root.url];
  const relays = [];
  for (const name of ['first', 'second', 'third']) {
    const joined = await installation.join(production, {
      parents: [urls.at(-1) ?? ''],
      serves: [production.id],
      name,
    });
    const relay = await startRelay(t, joined);
    relays.push(relay);
    urls.push(relay.url);
  }
  const [first, , third] = relays;
  assert.ok(first && third);
  const one = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(third, production.id) === one.snapshot);
  const two = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(third, production.id) === two.snapshot);
  const objects = root.requests.filter((request) => request.includes('/o/'));
  assert.deepEqual([...new Set(objects)].sort(), objects.sort());
  const host = clientOf(t, await installation.join(production, { parents: [third.url] }));
  const { body } = await host.get(`${third.url}/parents`);
  assert.deepEqual(JSON.parse(body.toString()).above, [urls[2], urls[1], urls[0]].slice(0, 3));
});

test('a relay follows an environment of its scope from the moment a child asks, and pins its root by the id', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const staging = await installation.addEnvironment('acme/staging');
  const { snapshot } = await deploy('1.0.0', staging);
  const joined = await installation.join(production, { parents: [root.url], serves: '*' });
  const relay = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  assert.equal(relay.status().followed.length, 1);
  const host = await installation.join(staging, { parents: [relay.url] });
  const { get } = clientOf(t, host);
  const { body } = await get(`${relay.url}/news?since=${staging.id}.0`);
  assert.equal(JSON.parse(body.toString()).changed[0].snapshot, snapshot);
  assert.equal(relay.status().children[0]?.host, host.identity.host);
  // It stays followed over a restart, also while the parent is dead.
  await relay.close();
  await root.close();
  const again = await startRelay(t, joined);
  assert.equal(snapshotAt(again, staging.id), snapshot);
  const { body: same } = await get(`${again.url}/news?since=${staging.id}.0`);
  assert.equal(JSON.parse(same.toString()).changed[0].snapshot, snapshot);
});

test('fifty children at once cost the parent each object once', async (t) => {
  const { installation, vendor, production, root, deploy } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  const hosts = [];
  for (let count = 0; count < 50; count += 1)
    hosts.push(await installation.join(production, { parents: [relay.url] }));
  const clients = hosts.map((host) => clientOf(t, host));
  const waiting = clients.map(({ get }) =>
    get(`${relay.url}/news?since=${production.id}.${snapshotAt(relay, production.id)}`),
  );
  await waitUntil(() => relay.status().children.length === 50);
  root.requests.length = 0;
  const { packs, snapshot } = await deploy('2.0.0');
  const answers = await Promise.all(waiting);
  for (const { body } of answers) assert.equal(JSON.parse(body.toString()).changed[0].snapshot, snapshot);
  const bodies = await Promise.all(
    clients.map(({ get }) => get(`${relay.url}/o/${vendor.domain}/${packs[0]}`)),
  );
  assert.equal(new Set(bodies.map(({ status, body }) => `${status} ${body.length}`)).size, 1);
  assert.equal(bodies[0]?.status, 200);
  const objects = root.requests.filter((request) => request.includes('/o/'));
  assert.equal(new Set(objects).size, objects.length, objects.join('\n'));
});

test('a child that asks for an object on its way waits for that flight', async (t) => {
  const { installation, vendor, production, root, deploy } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  let go = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  let held = '';
  root.intercept((request, response) => {
    if (
      held !== '' ||
      !/\/o\/[^/]+\/[0-9a-f]{64}$/.test(request.url ?? '') ||
      !request.url?.includes(vendor.domain)
    )
      return false;
    held = request.url ?? '';
    void gone.then(async () => {
      const bytes = await installation.repository.readObject(vendor.domain, held.slice(-64) as Digest);
      response.writeHead(200).end(bytes);
    });
    return true;
  });
  const { packs } = await deploy('2.0.0');
  await waitUntil(() => held !== '');
  const { get } = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  const asked = get(`${relay.url}${held}`);
  const outside = await get(`${relay.url}/o/${'0'.repeat(32)}/${packs[0]}`);
  assert.equal(outside.status, 404);
  go();
  assert.equal((await asked).status, 200);
});

test('renewed timestamps pass on without waking anyone', async (t) => {
  const { installation, production, root } = await world(t, { holdMs: 300 });
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined, { timing: { holdMs: 300, timestampOldMs: 500 } });
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  const { get } = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  const path = `${relay.url}/r/${production.id}/metadata/timestamp.json`;
  const before = (await get(path)).body.toString();
  const asked = get(`${relay.url}/news?since=${production.id}.${snapshotAt(relay, production.id)}`);
  await production.renew();
  root.announce(production.id);
  await waitUntil(async () => (await get(path)).body.toString() !== before);
  assert.deepEqual(JSON.parse((await asked).body.toString()).changed, []);
});

test('what no current or previous state refers to is removed after a grace', async (t) => {
  const { installation, vendor, production, root, deploy } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined);
  const { get } = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  const has = async (tree: string): Promise<boolean> =>
    (await get(`${relay.url}/o/${vendor.domain}/offers/${tree}`)).status === 200;
  const states = [];
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    const state = await deploy(version);
    await waitUntil(() => snapshotAt(relay, production.id) === state.snapshot);
    states.push(state);
  }
  const [first, second, third] = states;
  assert.ok(first && second && third);
  await waitUntil(async () => !(await has(first.tree)));
  assert.equal(await has(second.tree), true);
  assert.equal(await has(third.tree), true);
  assert.equal(relay.status().faults.length, 0);
});
