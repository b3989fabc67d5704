import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '@xylem/core';
import { countingProxy, startProcess, waitUntil } from '@xylem/testkit';
import { rootFront } from '@xylem/testkit/builders';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

const main = new URL('./testing/relay-main.ts', import.meta.url).pathname;
const bigBytes = 24 * 2 ** 20;
const big = { 'big.bin': { noiseBytes: bigBytes, seed: 7 } };

test('killed in the middle of a transfer, a relay goes on where it stopped', async (t) => {
  const { installation, vendor, production, root, deploy } = await world(t);
  const proxy = await countingProxy(t, root);
  const parents = [`https://127.0.0.1:${proxy.port}`];
  const joined = await installation.join(production, { parents, serves: [production.id] });
  const { packs, snapshot } = await deploy('1.0.0', production, big);
  proxy.fault({ bytesPerSecond: 2 ** 24 });
  const start = () =>
    startProcess({ context: t, command: process.execPath, args: [main, joined.stateFolder] });
  const work = join(joined.stateFolder, 'relay', 'repository', '.tmp-work');
  const partBytes = async (): Promise<number> => {
    const parts = (await readdir(work).catch(() => [])).filter((name) => name.startsWith('part-'));
    const sizes = await Promise.all(parts.map(async (name) => (await stat(join(work, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  // Three times in a row, each a good part further.
  for (const fraction of [0.25, 0.5, 0.75]) {
    const relay = await start();
    await waitUntil(async () => (await partBytes()) > bigBytes * fraction, 20_000);
    await relay.kill('SIGKILL');
  }
  proxy.heal();
  const relay = await start();
  const [, url = ''] = await relay.waitForLine(/^url (.*)$/);
  const { get } = clientOf(t, await installation.join(production, { parents: [url] }));
  const path = `${url}/r/${production.id}/metadata/timestamp.json`;
  await waitUntil(async () => (await get(path)).status === 200, 20_000);
  const { body } = await get(`${url}/o/${vendor.domain}/${packs[0]}`);
  assert.equal(sha256(body), packs[0]);
  const again = proxy.bytesDown() - body.length;
  // Less than a frame (1 MiB) for each of the three deaths; metadata and TLS of four starts are in it.
  t.diagnostic(`${again} bytes beside the pack`);
  assert.ok(again < 3 * 2 ** 20, `${again} bytes more than the pack, snapshot ${snapshot}`);
});

test('a relay that dies at any moment never shows what it does not hold', async (t) => {
  const { installation, vendor, production, root, deploy } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const repository = join(joined.stateFolder, 'relay', 'repository');
  let killed = 0;
  for (let round = 1; round <= 6; round += 1) {
    const { tree, packs } = await deploy(`${round}.0.0`);
    const relay = await startProcess({
      context: t,
      command: process.execPath,
      args: [main, joined.stateFolder],
    });
    await relay.waitForLine(/^url/, 20_000);
    // A different place each round: so many requests after the start.
    const seen = root.requests.length;
    await waitUntil(
      () => root.requests.length >= seen + round * 2 || relay.stderr().includes('serves new state'),
      10_000,
    );
    await relay.kill('SIGKILL');
    killed += 1;
    const shown = await readFile(join(repository, 'r', production.id, 'metadata', 'timestamp.json')).catch(
      () => null,
    );
    if (shown === null) continue;
    const { version } = JSON.parse(shown.toString()).signed.meta['snapshot.json'];
    const snapshot = await readFile(
      join(repository, 'r', production.id, 'metadata', `${version}.snapshot.json`),
    );
    const targets = JSON.parse(snapshot.toString()).signed.meta['targets.json'].version;
    const role = await readFile(join(repository, 'r', production.id, 'metadata', `${targets}.targets.json`));
    const digest = JSON.parse(role.toString()).signed.targets['desired-state.json'].hashes.sha256;
    const state = JSON.parse(
      (
        await readFile(join(repository, 'r', production.id, 'targets', `${digest}.desired-state.json`))
      ).toString(),
    );
    await stat(join(repository, 'o', production.id, state.hostMap));
    for (const { package: document, version: shownVersion } of state.assignments) {
      await stat(join(repository, 'o', vendor.domain, document));
      if (shownVersion !== `${round}.0.0`) continue;
      await stat(join(repository, 'o', vendor.domain, 'offers', tree));
      for (const pack of packs) await stat(join(repository, 'o', vendor.domain, pack));
    }
  }
  assert.equal(killed, 6);
});

test('a dead first parent is left for the second, and taken again later', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const proxy = await countingProxy(t, root);
  const second = await rootFront(t, installation, { holdMs: 300_000 });
  const parents = [`https://127.0.0.1:${proxy.port}`, second.url];
  const relay = await startRelay(
    t,
    await installation.join(production, { parents, serves: [production.id] }),
  );
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  assert.equal(second.requests.length, 0);
  proxy.fault({ refuse: true });
  proxy.reset();
  await waitUntil(() => second.requests.some((request) => request.includes('/news')));
  const { snapshot } = await deploy('1.0.0');
  second.announce(production.id);
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  assert.equal(relay.status().faults.length, 0);
  const seen = root.requests.length;
  proxy.heal();
  await waitUntil(
    () => root.requests.slice(seen).some((request) => request.includes('/news')),
    30_000,
    'the first to be asked while the second holds a question',
  );
});

test('a parent that gives other bytes is left, and nothing of it is shown', async (t) => {
  const { installation, vendor, production, root, deploy } = await world(t);
  const liar = await rootFront(t, installation);
  liar.intercept((request, response) => {
    if (!request.url?.startsWith(`/o/${vendor.domain}/`)) return false;
    response.writeHead(200).end('other bytes');
    return true;
  });
  const parents = [liar.url, root.url];
  const relay = await startRelay(
    t,
    await installation.join(production, { parents, serves: [production.id] }),
  );
  const { snapshot, packs } = await deploy('1.0.0');
  liar.announce(production.id);
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  assert.ok(relay.status().refusedObjects > 0);
  const { get } = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  const { body } = await get(`${relay.url}/o/${vendor.domain}/${packs[0]}`);
  assert.equal(sha256(body), packs[0]);
});

test('news that are not true wake nobody and cost their parent its place', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const liar = await rootFront(t, installation);
  const forged = Buffer.from('{"signatures":[],"signed":{}}').toString('base64url');
  let lies = 0;
  liar.intercept((request, response) => {
    if (!request.url?.startsWith('/news')) return false;
    lies += 1;
    const changed = [{ environment: production.id, snapshot: 9_000_000_000_000, timestamp: forged }];
    response.writeHead(200).end(JSON.stringify({ format: 'xylem-news-1', changed }));
    return true;
  });
  const parents = [liar.url, root.url];
  const relay = await startRelay(
    t,
    await installation.join(production, { parents, serves: [production.id] }),
  );
  const { snapshot } = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  const { snapshot: next } = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === next);
  assert.ok(lies > 0 && lies < 10, `${lies}`);
});

test('where news are not held the relay polls', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const plain = await rootFront(t, installation, { withoutNews: true });
  await root.close();
  const joined = await installation.join(production, { parents: [plain.url], serves: [production.id] });
  const relay = await startRelay(t, joined, { timing: { pollMs: 30 } });
  const { snapshot } = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  const { snapshot: next } = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === next);
});
