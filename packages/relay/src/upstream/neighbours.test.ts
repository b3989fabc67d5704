import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { encodeParents, type HostId } from '@xylem/core';
import { testClock } from '@xylem/testkit';
import { relayTiming } from '../defaults.ts';
import { drippingClient } from '../testing/dripping.ts';
import { Neighbours } from './neighbours.ts';

const [parent, above] = ['https://parent', 'https://above'];
const idOf = (digit: string): HostId => digit.repeat(32) as HostId;

test('a parent that says of the nodes around byte by byte is not listened to for longer than a minute', async () => {
  const clock = testClock();
  const { http, bodies } = drippingClient(200);
  const neighbours = new Neighbours({
    http,
    clock,
    timestampMs: relayTiming.timestampMs,
    self: () => ({ host: idOf('a'), url: 'https://self' }),
    judge: () => true,
  });
  const { signal } = new AbortController();
  const asked = neighbours.learn(parent, signal);
  await clock.advance(0);
  const [body] = bodies;
  assert.ok(body);
  for (let second = 0; second < 60; second += 1) {
    assert.ok(!body.destroyed, `after ${second} s`);
    body.write(' '.repeat(1_100));
    await clock.advance(1_000);
  }
  assert.ok(body.destroyed);
  assert.equal(await asked, true, 'it is no reason to leave it');

  // It is asked again by and by, as one that did not answer.
  await clock.advance(5_000);
  const again = neighbours.learn(parent, signal);
  await clock.advance(0);
  const answer = encodeParents({
    format: 'xylem-parents-1',
    self: { url: parent, host: idOf('b') },
    siblings: [],
    above: [above],
    line: [],
  });
  const ended = once(bodies[1] ?? assert.fail(), 'close');
  bodies[1]?.end(answer);
  await Promise.all([again, ended]);
  assert.deepEqual([neighbours.above(), neighbours.hostOf(parent)], [[above], idOf('b')]);
  assert.equal(clock.sleepers(), 0);
});
