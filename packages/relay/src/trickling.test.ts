import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { limits } from '@xylem/core';
import { wholeWithinMs } from '@xylem/store';
import { leapingClock, waitUntil } from '@xylem/testkit';
import { rootFront } from '@xylem/testkit/builders';
import { relayTiming } from './defaults.ts';
import { snapshotAt, startRelay, world } from './testing/world.ts';

/** Fast enough never to be idle nor slow by itself: 1.1 kB/s and more. */
function trickle(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '.repeat(64)), 20);
  response.on('close', () => clearInterval(timer));
}

/** A relay whose first parent trickles the files of this name, and has been asked for one. @returns its clock */
async function belowTrickling(
  t: TestContext,
  name: string,
  options: { readonly withoutNews?: boolean } = {},
) {
  const { installation, production, root, deploy } = await world(t);
  const slow = await rootFront(t, installation, options);
  const { snapshot } = await deploy('1.0.0');
  let begun = 0;
  slow.intercept((request, response) => {
    if (request.url?.endsWith(name) !== true) return false;
    begun += 1;
    trickle(response);
    return true;
  });
  const parents = [slow.url, root.url];
  const joined = await installation.join(production, { parents, serves: [production.id] });
  const clock = leapingClock();
  const relay = await startRelay(t, joined, { clock });
  await waitUntil(() => begun > 0);
  const hasCome = (): boolean => snapshotAt(relay, production.id) === snapshot;
  return { clock, hasCome };
}

test('a parent that gives metadata byte by byte is left for another once a file of that size has had its time', async (t) => {
  const { clock, hasCome } = await belowTrickling(t, '.root.json');
  assert.ok(!hasCome());
  clock.leap(wholeWithinMs(limits.rootMetadata));
  await waitUntil(hasCome);
});

test('a plain web server that gives its timestamp byte by byte is left for another after a minute', async (t) => {
  const { clock, hasCome } = await belowTrickling(t, '/timestamp.json', { withoutNews: true });
  assert.ok(!hasCome());
  clock.leap(relayTiming.timestampMs);
  await waitUntil(hasCome);
});

test('a relay below a plain web server goes on trying where what it fetches breaks off again and again', async (t) => {
  const { installation, production, deploy } = await world(t);
  const plain = await rootFront(t, installation, { withoutNews: true });
  const joined = await installation.join(production, { parents: [plain.url], serves: [production.id] });
  const relay = await startRelay(t, joined, { timing: { pollMs: 30 } });
  const first = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === first.snapshot);
  let broken = 0;
  plain.intercept((request, response) => {
    if (broken >= 3 || !/\/o\/[0-9a-f]{32}\/[0-9a-f]{64}$/.test(request.url ?? '')) return false;
    broken += 1;
    response.writeHead(200, { 'content-length': 1_000_000 });
    response.write('x', () => response.destroy());
    return true;
  });
  const second = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === second.snapshot);
  assert.equal(broken, 3);
});
