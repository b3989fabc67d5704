import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Digest, type HostId, type HostMapEntry, sha256 } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

const hostOf = (n: number): HostId => sha256(`host ${n}`).slice(0, 32) as HostId;
const hostsWith = (label: (n: number) => string): ReadonlyMap<HostId, HostMapEntry> =>
  new Map(Array.from({ length: 600 }, (_, n) => [hostOf(n), { labels: { label: label(n) } }]));

/** A relay that has a map of 600 hosts, and a way to start another below it. */
async function large(t: TestContext) {
  const { installation, production, root, deploy } = await world(t);
  const first = await deploy(
    '1.0.0',
    production,
    undefined,
    hostsWith(() => 'one'),
  );
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(relay, production.id) === first.snapshot);
  const below = await installation.join(production, { parents: [relay.url], serves: [production.id] });
  const { get } = clientOf(t, below);
  const objectsGiven = async (): Promise<number> => {
    const text = (await get(`${relay.url}/metrics`)).body.toString();
    const counts = text.matchAll(/^xylem_requests_total\{class="object".*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const shownMaps = async (): Promise<Digest[]> => {
    const record = await readFile(
      join(joined.stateFolder, 'relay', 'served', `${production.id}.json`),
      'utf8',
    );
    return (JSON.parse(record) as { states: { hostMap: Digest }[] }).states.map(({ hostMap }) => hostMap);
  };
  const nodesOf = async (of: { stateFolder: string }): Promise<string[]> =>
    (await readdir(join(of.stateFolder, 'relay', 'repository', 'o', production.id))).sort();
  return { production, deploy, root, relay, joined, below, get, objectsGiven, shownMaps, nodesOf };
}

test('a relay that comes new to a large host map has it by one request, and what changes in it by another', async (t) => {
  const { production, deploy, root, relay, joined, below, objectsGiven, nodesOf } = await large(t);
  const nodes = await nodesOf(joined);
  assert.ok(nodes.length > 100, `${nodes.length}`);
  // Its own parent knows no such files.
  const asked = root.requests.filter((request) => request.startsWith(`GET /o/${production.id}/`));
  assert.equal(asked.length, nodes.length);
  const before = await objectsGiven();
  const lowest = await startRelay(t, below);
  await waitUntil(() => snapshotAt(lowest, production.id) === snapshotAt(relay, production.id));
  assert.deepEqual(await nodesOf(below), nodes);
  const singly = (await objectsGiven()) - before;
  assert.ok(singly < 40, `${singly} of ${nodes.length}`);

  const next = await deploy(
    '2.0.0',
    production,
    undefined,
    hostsWith((n) => (n % 4 === 0 ? 'two' : 'one')),
  );
  await waitUntil(() => snapshotAt(lowest, production.id) === next.snapshot);
  const later = await nodesOf(joined);
  assert.deepEqual(
    (await nodesOf(below)).filter((node) => later.includes(node)),
    later,
  );
  const changed = later.filter((node) => !nodes.includes(node)).length;
  const again = (await objectsGiven()) - before - singly;
  assert.ok(changed > 60 && again < 40, `${again} of ${changed}`);
});

test('a file of host map nodes leads from none or from what was shown to what is shown, and only to who may read it', async (t) => {
  const { production, deploy, relay, get, shownMaps } = await large(t);
  const [first] = await shownMaps();
  const next = await deploy(
    '2.0.0',
    production,
    undefined,
    hostsWith((n) => (n === 7 ? 'two' : 'one')),
  );
  await waitUntil(() => snapshotAt(relay, production.id) === next.snapshot);
  const [to, from] = await shownMaps();
  assert.equal(from, first);
  const sizeOf = async (name: string): Promise<number | null> => {
    const { status, body } = await get(`${relay.url}/news/${production.id}/${name}`);
    return status === 200 ? body.length : null;
  };
  const whole = (await sizeOf(`map-0-${to}`)) ?? 0;
  const part = (await sizeOf(`map-${from}-${to}`)) ?? 0;
  assert.ok(part > 0 && part < whole / 10, `${part} of ${whole}`);
  assert.equal(await sizeOf(`map-0-${from}`), null);
  assert.equal(await sizeOf(`map-${to}-${to}`), null);
  assert.equal(await sizeOf(`map-${'0'.repeat(64)}-${to}`), null);
});
