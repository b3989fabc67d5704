import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lifetimes, XylemError } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { removeLater, tempFolder, testClock, waitUntil } from '@xylem/testkit';
import { Faults, summary } from '../faults.ts';
import { Room } from './room.ts';

const lookMs = lifetimes.roomLookMs;
const refusal = new XylemError('E_DISK_FULL', 'No room is left for x.', { cause: { code: 'EDQUOT' } });

async function roomOf(t: TestContext) {
  const clock = testClock();
  const stop = new AbortController();
  const root = await tempFolder(t, 'room');
  const told: boolean[] = [];
  const disk = { freeBytes: 1_000 };
  const faults = new Faults(clock, () => room.recount());
  const room: Room = new Room({
    layout: { root, trial: join(root, 'trial') },
    reserveBytes: 100,
    freeBytes: async () => disk.freeBytes,
    lookMs,
    clock,
    log: silentLog,
    faults,
    signal: stop.signal,
    onChanged: () => told.push(room.isFull),
  });
  removeLater(t, () => stop.abort());
  void room.run();
  await waitUntil(() => clock.sleepers() === 1);
  return { clock, root, told, disk, faults, room };
}

test('with less free than its reserve a relay is full within 15 s, until half as much again is free', async (t) => {
  const { clock, root, told, disk, faults, room } = await roomOf(t);
  disk.freeBytes = 99;
  await clock.advance(lookMs);
  assert.deepEqual(told, [true]);
  const [fault] = faults.list();
  assert.equal(fault?.code, 'E_DISK_FULL');
  assert.ok(fault?.message.startsWith(`99 bytes are free below ${root}: too little`), fault?.message);
  disk.freeBytes = 149;
  await clock.advance(lookMs);
  assert.equal(room.fullForMs(), lookMs);
  assert.ok(faults.list()[0]?.message.startsWith('149 bytes'));
  disk.freeBytes = 150;
  await clock.advance(lookMs);
  assert.deepEqual([told, room.fullForMs(), faults.list()], [[true, false], null, []]);
  disk.freeBytes = 100;
  await clock.advance(lookMs);
  assert.equal(told.length, 2, 'what is a reserve may be there');
});

test('it is full at once when its work fails for want of room, and no more when that has succeeded', async (t) => {
  const { clock, told, faults } = await roomOf(t);
  faults.set('news', new XylemError('E_PARENT_UNREACHABLE', 'Away.'));
  assert.deepEqual(told, []);
  const environment = 'a'.repeat(32) as never;
  faults.set('copy', new XylemError('E_DISK_FULL', 'No space left.'), environment);
  assert.deepEqual(told, [true]);
  await waitUntil(() => faults.list().length === 3);
  assert.match(
    summary(faults.list())[1]?.message ?? '',
    /^1000 bytes are free below .* And 1 more of this kind\.$/,
    'the figure is what a report says of both',
  );
  await clock.advance(10 * lookMs);
  assert.deepEqual(told, [true]);
  faults.clear('copy');
  assert.deepEqual(told, [true, false]);
  assert.equal(faults.list().length, 1);
});

test('where reports were not taken it is tried whether something can be written', async (t) => {
  const { clock, root, told, room } = await roomOf(t);
  room.refused(new XylemError('E_DISK_FULL', 'The spool has reached its bound.'));
  assert.deepEqual(told, []);
  room.refused(refusal);
  assert.deepEqual(told, [true]);
  await clock.advance(lookMs);
  await waitUntil(() => told.length === 2);
  assert.deepEqual(told, [true, false]);
  assert.deepEqual(await readdir(root), []);
});
