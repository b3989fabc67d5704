import assert from 'node:assert/strict';
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Digest, sha256 } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import type { JoinedHost } from '@xylem/testkit/builders';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

const folderOf = (joined: JoinedHost): string => join(joined.stateFolder, 'relay', 'repository');

async function flipByte(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
  } finally {
    await file.close();
  }
}

/** What a relay asks for last when it looks at a state are the patches to it, after the state is served. */
const lookEnds = (requests: readonly string[]): Promise<unknown> =>
  waitUntil(() => requests.some((request) => request.includes('/patches/')));

async function filled(t: Parameters<typeof world>[0]) {
  const made = await world(t);
  const { installation, production, root, deploy, vendor } = made;
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const state = await deploy('1.0.0');
  const relay = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(relay, production.id) === state.snapshot);
  await lookEnds(root.requests);
  const { http, get } = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  const doubt = async (path: string): Promise<number> => {
    const headers = { 'want-repr-digest': 'sha-256=1' };
    const { status, body } = await http.request({ method: 'HEAD', url: `${relay.url}/${path}`, headers });
    body.resume();
    return status;
  };
  const pack = state.packs[0] as Digest;
  const packPath = `o/${vendor.domain}/${pack}`;
  return { ...made, joined, state, relay, get, doubt, pack, packPath, folder: folderOf(joined) };
}

test('a pack that the disk damaged is given to nobody any more, and fetched again, once a child doubts it', async (t) => {
  const { relay, get, doubt, pack, packPath, folder, production } = await filled(t);
  await flipByte(join(folder, packPath), 100);
  assert.notEqual(sha256((await get(`${relay.url}/${packPath}`)).body), pack);
  await doubt(packPath);
  await waitUntil(async () => {
    const { status, body } = await get(`${relay.url}/${packPath}`);
    return status === 200 && sha256(body) === pack;
  });
  assert.equal(relay.status().refusedObjects, 1);
  await waitUntil(() => relay.status().faults.length === 0);
  assert.ok(snapshotAt(relay, production.id) > 0);
});

test('what is right is not fetched again, however often it is doubted', async (t) => {
  const { doubt, packPath, root, relay } = await filled(t);
  root.requests.length = 0;
  assert.deepEqual(await Promise.all(Array.from({ length: 20 }, () => doubt(packPath))), Array(20).fill(200));
  assert.deepEqual(
    root.requests.filter((request) => request.includes('/o/')),
    [],
  );
  assert.equal(relay.status().refusedObjects, 0);
});

test('nobody outside a domain can have its objects looked at', async (t) => {
  const { installation, relay, packPath, folder } = await filled(t);
  const other = await installation.addEnvironment('other/production');
  const { http } = clientOf(t, await installation.join(other, { parents: [relay.url] }));
  await flipByte(join(folder, packPath), 100);
  const headers = { 'want-repr-digest': 'sha-256=1' };
  const { status, body } = await http.request({ method: 'HEAD', url: `${relay.url}/${packPath}`, headers });
  body.resume();
  assert.equal(status, 404);
  assert.equal(relay.status().refusedObjects, 0);
});

test('a damaged offer is fetched again once a child doubts it', async (t) => {
  const { relay, get, doubt, state, vendor, folder } = await filled(t);
  const path = `o/${vendor.domain}/offers/${state.tree}`;
  const right = await readFile(join(folder, path));
  await writeFile(join(folder, path), 'no offer');
  await doubt(path);
  await waitUntil(async () => (await get(`${relay.url}/${path}`)).body.equals(right));
});

test('what the disk lost while a relay was down is fetched again when it starts', async (t) => {
  const { relay, joined, packPath, pack, folder, production, installation } = await filled(t);
  await relay.close();
  await rm(join(folder, packPath));
  await rm(join(folder, 'pool', pack.slice(0, 2), pack));
  const again = await startRelay(t, joined);
  assert.ok(snapshotAt(again, production.id) > 0);
  const { get } = clientOf(t, await installation.join(production, { parents: [again.url] }));
  await waitUntil(async () => (await get(`${again.url}/${packPath}`)).status === 200);
});

test('what the disk lost while a relay runs is fetched again once a child asks', async (t) => {
  const { packPath, pack, folder, get, relay, root } = await filled(t);
  await rm(join(folder, packPath));
  await rm(join(folder, 'pool', pack.slice(0, 2), pack));
  root.requests.length = 0;
  assert.equal((await get(`${relay.url}/${packPath}`)).status, 404);
  await waitUntil(async () => (await get(`${relay.url}/${packPath}`)).status === 200);
  assert.equal(root.requests.filter((request) => request.endsWith(packPath)).length, 1);
  await lookEnds(root.requests);
  // Who asks for what nobody has costs a look now and then.
  const objects = (): string[] => root.requests.filter((request) => request.includes('/o/'));
  const before = objects();
  for (let times = 0; times < 20; times += 1)
    assert.equal((await get(`${relay.url}/${packPath.slice(0, -8)}${'0'.repeat(8)}`)).status, 404);
  assert.deepEqual(objects(), before);
});

test('what the disk lost while a relay runs is fetched again by itself, asked for or not', async (t) => {
  const { relay, joined, packPath, pack, folder } = await filled(t);
  await relay.close();
  await startRelay(t, joined, { timing: { diskLookMs: 200 } });
  // The first time may be the work of the look at the start.
  for (const _ of [1, 2]) {
    await rm(join(folder, packPath));
    await rm(join(folder, 'pool', pack.slice(0, 2), pack));
    await waitUntil(() => stat(join(folder, packPath)).catch(() => null));
  }
});

test('what is kept for a way back is mended in the background, what is served now is not', async (t) => {
  const { relay, joined, pack, packPath, folder, production, deploy, root, vendor } = await filled(t);
  // Nothing of the former state is of the present one too.
  const next = await deploy('2.0.0', production, { other: { noiseBytes: 50_000, seed: 9 } });
  await waitUntil(() => snapshotAt(relay, production.id) === next.snapshot);
  await relay.close();
  const present = next.packs[0] as Digest;
  for (const digest of [pack, present]) {
    await rm(join(folder, 'o', vendor.domain, digest));
    await rm(join(folder, 'pool', digest.slice(0, 2), digest));
  }
  const said = new Map<string, string | undefined>();
  root.intercept(({ url = '', headers }) => {
    said.set(url.slice(1), headers.priority as string | undefined);
    return false;
  });
  await startRelay(t, joined);
  const isBack = (path: string): Promise<boolean> =>
    readFile(join(folder, path)).then(
      () => true,
      () => false,
    );
  await waitUntil(() => isBack(packPath));
  const presentPath = `o/${vendor.domain}/${present}`;
  assert.ok(await isBack(presentPath), 'what is served now comes first');
  assert.deepEqual(
    [said.has(presentPath), said.get(presentPath), said.get(packPath)],
    [true, undefined, 'u=6'],
  );
});

test('a package document that the disk damaged does not cost its packs, and is fetched again', async (t) => {
  const { relay, joined, pack, packPath, folder, production, vendor, deploy, state } = await filled(t);
  const record = await readFile(join(joined.stateFolder, 'relay', 'served', `${production.id}.json`), 'utf8');
  const { states } = JSON.parse(record) as { states: { assignments: { package: Digest }[] }[] };
  const document = states[0]?.assignments[0]?.package ?? ('' as Digest);
  const path = join(folder, 'o', vendor.domain, document);
  await flipByte(path, 10);
  // The next state makes the relay look for what nothing refers to; the damaged one is its previous state.
  const next = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === next.snapshot);
  await waitUntil(async () => sha256(await readFile(path)) === document);
  await waitUntil(() => relay.status().faults.length === 0);
  assert.equal(sha256(await readFile(join(folder, packPath))), pack);
  assert.ok((await readFile(join(folder, 'o', vendor.domain, 'offers', state.tree))).length > 0);
});

test('what is being mended when a new state comes is mended after it', async (t) => {
  const { doubt, joined, folder, production, vendor, deploy, relay, root } = await filled(t);
  const record = await readFile(join(joined.stateFolder, 'relay', 'served', `${production.id}.json`), 'utf8');
  const { states } = JSON.parse(record) as { states: { assignments: { package: Digest }[] }[] };
  const document = states[0]?.assignments[0]?.package ?? ('' as Digest);
  const path = join(folder, 'o', vendor.domain, document);
  let asked = 0;
  // The first question is held; after the new state it is asked at once, and answered.
  root.intercept(({ url = '' }) => {
    if (!url.endsWith(document)) return false;
    asked += 1;
    return asked === 1;
  });
  await flipByte(path, 10);
  await doubt(`o/${vendor.domain}/${document}`);
  await waitUntil(() => asked > 0);
  const next = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === next.snapshot);
  await waitUntil(async () => sha256(await readFile(path).catch(() => '')) === document);
});

test('a node of the host map that the disk lost is fetched again with the next change, though the map is the same', async (t) => {
  const { relay, joined, folder, production, deploy } = await filled(t);
  const record = await readFile(join(joined.stateFolder, 'relay', 'served', `${production.id}.json`), 'utf8');
  const { states } = JSON.parse(record) as { states: { hostMap: Digest }[] };
  const node = states[0]?.hostMap ?? ('' as Digest);
  await rm(join(folder, 'o', production.id, node));
  await rm(join(folder, 'pool', node.slice(0, 2), node));
  const next = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === next.snapshot);
  assert.equal(sha256(await readFile(join(folder, 'o', production.id, node))), node);
});

test('an environment that can not be mended now keeps no other from being looked at', async (t) => {
  const { installation, production, root, deploy, vendor } = await world(t);
  const staging = await installation.addEnvironment('acme/staging');
  const joined = await installation.join(production, { parents: [root.url], serves: '*' });
  const one = await deploy('1.0.0');
  const two = await deploy('2.0.0', staging);
  const relay = await startRelay(t, joined);
  const { get } = clientOf(t, await installation.join(staging, { parents: [relay.url] }));
  await get(`${relay.url}/news?since=${staging.id}.0`);
  await waitUntil(() => snapshotAt(relay, staging.id) > 0 && snapshotAt(relay, production.id) > 0);
  await relay.close();
  for (const pack of [...one.packs, ...two.packs]) {
    await rm(join(folderOf(joined), 'o', vendor.domain, pack));
    await rm(join(folderOf(joined), 'pool', pack.slice(0, 2), pack));
  }
  root.intercept((request, response) =>
    request.url?.endsWith(one.packs[0] ?? '-') === true ? Boolean(response.writeHead(404).end()) : false,
  );
  const again = await startRelay(t, joined);
  const host = clientOf(t, await installation.join(staging, { parents: [again.url] }));
  await waitUntil(
    async () => (await host.get(`${again.url}/o/${vendor.domain}/${two.packs[0]}`)).status === 200,
  );
  assert.equal(again.serving().faults[0]?.code, 'E_OBJECT_MISSING');
});
