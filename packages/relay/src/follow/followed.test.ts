import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EnvironmentId } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { tempFolder, testClock } from '@xylem/testkit';
import { Followed } from './followed.ts';

const idOf = (n: number): EnvironmentId => n.toString(16).padStart(32, '0') as EnvironmentId;
const own = 'f'.repeat(32) as EnvironmentId;

test('a child that asks for environments that nobody has takes no place from those that there are', async (t) => {
  const folder = await tempFolder(t, 'followed');
  const served = new Set([idOf(0), own]);
  const followed = await Followed.open({
    path: join(folder, 'followed.json'),
    own,
    followMs: 1_000_000,
    clock: testClock(),
    log: silentLog,
    isServed: (environment) => served.has(environment),
  });
  assert.equal(followed.asked(idOf(0)), true);
  for (let n = 1; n <= 2_000; n += 1) followed.asked(idOf(n));
  assert.equal(followed.list().length, 1_000);
  assert.ok(followed.list().includes(idOf(0)));
  const late = idOf(5_000);
  assert.equal(followed.asked(late), true);
  served.add(late);
  for (let n = 1; n <= 2_000; n += 1) followed.asked(idOf(n));
  assert.ok(followed.list().includes(late));
  await followed.written();
});

test('where all that is followed is served, one more has no place', async (t) => {
  const followed = await Followed.open({
    path: join(await tempFolder(t, 'followed'), 'followed.json'),
    own,
    followMs: 1_000_000,
    clock: testClock(),
    log: silentLog,
    isServed: () => true,
  });
  for (let n = 1; n <= 999; n += 1) assert.equal(followed.asked(idOf(n)), true);
  assert.equal(followed.asked(idOf(1_000)), false);
  await followed.written();
});
