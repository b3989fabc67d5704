import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, type HostId, sha256 } from '@xylem/core';
import { orderFor } from './order.ts';

const hosts = ['a', 'b', 'c', 'd'].map((name) => ({ host: name.repeat(32) as HostId }));
const others = (own: HostId) => hosts.filter(({ host }) => host !== own);
const askedBefore = (...args: Parameters<typeof orderFor<{ host: HostId }>>) => orderFor(...args).before;
const digests = Array.from({ length: 400 }, (_, at) => sha256(`object ${at}`));

test('all relays of a site agree on one order, and each object has one that asks nobody', () => {
  for (const digest of digests) {
    const asked = hosts.map(({ host }) => askedBefore(digest, host, others(host)).length);
    assert.deepEqual(
      [...asked].sort((a, b) => a - b),
      [0, 1, 2, 3],
    );
  }
});

test('whoever knows fewer of the site never waits for one that waits for it', () => {
  // Each knows another part of the site; an edge says who may wait for whom.
  for (const digest of digests.slice(0, 50)) {
    const waits = (host: HostId, known: readonly { host: HostId }[]) =>
      askedBefore(digest, host, known).map((one) => one.host);
    const [a, b, c] = hosts as [{ host: HostId }, { host: HostId }, { host: HostId }];
    const edges = new Map([
      [a.host, waits(a.host, [b])],
      [b.host, waits(b.host, [c])],
      [c.host, waits(c.host, [a])],
    ]);
    assert.ok([...edges.values()].some((list) => list.length === 0));
  }
});

test('objects spread over the relays of a site', () => {
  const goesUp = digests.map((digest) =>
    hosts.findIndex(({ host }) => askedBefore(digest, host, others(host)).length === 0),
  );
  for (const at of hosts.keys()) assert.ok(goesUp.filter((one) => one === at).length > 60);
});

test('the order is that of the specification', () => {
  const digest = 'f'.repeat(64) as Digest;
  const weight = (host: HostId): string => sha256(`${digest} ${host}`);
  const expected = hosts.map(({ host }) => host).sort((x, y) => (weight(x) < weight(y) ? 1 : -1));
  const [last] = expected.slice(-1);
  assert.ok(last);
  assert.deepEqual(
    askedBefore(digest, last, others(last)).map(({ host }) => host),
    expected.slice(0, -1),
  );
});
