import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EnvironmentId, XylemError } from '@xylem/core';
import { testClock, waitUntil } from '@xylem/testkit';
import { Faults, summary } from './faults.ts';
import { snapshotAt, startRelay, world } from './testing/world.ts';

test('a fault says since when, and only another one is news', () => {
  const clock = testClock(0);
  let changes = 0;
  const faults = new Faults(clock, () => {
    changes += 1;
  });
  const full = new XylemError('E_DISK_FULL', 'No room is left.');
  faults.set('prune', full);
  faults.set('prune', full);
  assert.equal(changes, 1);
  faults.set('prune', new XylemError('E_STORAGE', 'The disk is broken.'));
  faults.clear('prune');
  faults.clear('prune');
  assert.equal(changes, 3);
  assert.deepEqual(faults.list(), []);
});

test('a report gets one line for each kind of fault, however many environments are followed', () => {
  const faults = new Faults(testClock());
  for (const letter of ['a', 'b', 'c']) {
    const id = letter.repeat(32) as EnvironmentId;
    faults.set(id, new XylemError('E_DISK_FULL', `No room for ${letter}.`), id);
  }
  faults.set('news', new XylemError('E_PARENT_UNREACHABLE', 'It does not answer.'));
  assert.deepEqual(summary(faults.list()), [
    { code: 'E_DISK_FULL', message: 'No room for a. And 2 more of this kind.' },
    { code: 'E_PARENT_UNREACHABLE', message: 'It does not answer.' },
  ]);
});

test('what the host reports of its relay says that a parent is gone, and that it is back', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const { snapshot } = await deploy('1.0.0');
  let changes = 0;
  const relay = await startRelay(t, joined, {
    onFaultsChanged: () => {
      changes += 1;
    },
  });
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  assert.deepEqual(relay.serving().faults, []);
  root.intercept((_request, response) => Boolean(response.writeHead(503).end()));
  await deploy('2.0.0');
  await waitUntil(() => relay.serving().faults.length > 0);
  assert.ok(changes > 0);
  root.intercept(null);
  await waitUntil(() => relay.serving().faults.length === 0);
});

test('that a parent answers again is known before anything new is out', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const first = await deploy('1.0.0');
  const relay = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(relay, production.id) === first.snapshot);
  const isQuestion = (url = ''): boolean => url.startsWith('/news?');
  root.intercept(({ url }, response) => isQuestion(url) && Boolean(response.writeHead(503).end()));
  const { snapshot } = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot && relay.serving().faults.length > 0);
  root.intercept(null);
  await waitUntil(() => relay.serving().faults.length === 0);
});
