import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildHostMap, type HostId, type HostMapEntry } from '@xylem/core';
import { HostMapNodes } from './host-map-nodes.ts';

const hostOf = (n: number): HostId =>
  `${(n * 7919).toString(16).padStart(5, '0')}${'0'.repeat(27)}` as HostId;
const entries = new Map<HostId, HostMapEntry>(
  Array.from({ length: 130 }, (_, n) => [hostOf(n), { labels: { n: `${n}` } }]),
);
const before = buildHostMap(entries);
const after = buildHostMap(new Map(entries).set(hostOf(77), { labels: { n: 'another' } }));

test('of a map in which one host changed, its path alone is read', async () => {
  const nodes = new HostMapNodes();
  const read: string[] = [];
  const readAll = async (of: typeof before, isKnown?: () => boolean) => {
    read.length = 0;
    return await nodes.from(
      of.root,
      async (digest) => {
        read.push(digest);
        return of.nodes.get(digest) ?? null;
      },
      isKnown,
    );
  };
  assert.deepEqual((await readAll(before)).toSorted(), [...before.nodes.keys()].sort());
  assert.equal(read.length, before.nodes.size);
  assert.deepEqual((await readAll(after)).toSorted(), [...after.nodes.keys()].sort());
  assert.deepEqual(
    read.toSorted(),
    [...after.nodes.keys()].filter((digest) => !before.nodes.has(digest)).sort(),
  );
  assert.ok(read.length > 1 && read.length < 5, `${read.length}`);
  await readAll(before);
  assert.deepEqual(read, []);
  await readAll(after, () => false);
  assert.equal(read.length, after.nodes.size);
});

test('what can not be had is named, without what it leads to, and asked for again', async () => {
  const nodes = new HostMapNodes();
  assert.deepEqual(await nodes.from(before.root, async () => null), [before.root]);
  const found = await nodes.from(before.root, async (digest) => before.nodes.get(digest) ?? null);
  assert.equal(found.length, before.nodes.size);
});

test('nodes of maps that came and went are forgotten', async () => {
  const nodes = new HostMapNodes();
  let reads = 0;
  const walk = async (n: number): Promise<void> => {
    const map = buildHostMap(new Map([...entries.keys()].map((host) => [host, { labels: { n: `${n}` } }])));
    await nodes.from(map.root, async (digest) => {
      reads += 1;
      return map.nodes.get(digest) ?? null;
    });
  };
  for (let n = 0; n < 15; n += 1) await walk(n);
  reads = 0;
  await walk(14);
  assert.equal(reads, 0);
  await walk(0);
  assert.ok(reads > 0);
});
