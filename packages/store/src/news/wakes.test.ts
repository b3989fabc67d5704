import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lifetimes } from '@xylem/core';
import { type TestClock, testClock } from '@xylem/testkit';
import { type Sleeper, Wakes } from './wakes.ts';

function childrenOf(count: number) {
  const told: number[] = [];
  const sleepers = Array.from({ length: count }, (_, child): Sleeper => {
    return { connection: { child }, tell: async () => told.push(child) > 0 };
  });
  return { told, sleepers };
}

/** All of its children, each back so long after it was told. */
async function secondsUntilAllTold(clock: TestClock, count: number, backAfterMs: number): Promise<number> {
  const wakes = new Wakes(clock);
  const { told, sleepers } = childrenOf(count);
  const beganMs = clock.monotonicMs();
  wakes.add(sleepers);
  const due: { readonly child: number; readonly atMs: number }[] = [];
  for (let seen = 0; told.length < count; ) {
    for (; seen < told.length; seen += 1)
      due.push({ child: told[seen] ?? 0, atMs: clock.monotonicMs() + backAfterMs });
    await clock.advance(100);
    while (due[0] !== undefined && due[0].atMs <= clock.monotonicMs())
      wakes.isBack(sleepers[due.shift()?.child ?? 0]?.connection ?? {});
  }
  wakes.close();
  return (clock.monotonicMs() - beganMs) / 1000;
}

test('few are told at once, of many the next when others are back', async () => {
  const wakes = new Wakes(testClock());
  const { told, sleepers } = childrenOf(1000);
  wakes.add(sleepers.slice(0, 200));
  assert.equal(told.length, 200);
  wakes.add(sleepers.slice(200));
  assert.equal(told.length, 256);
  wakes.isBack(sleepers[0]?.connection ?? {});
  assert.equal(told.length, 258);
  wakes.isBack(sleepers[0]?.connection ?? {});
  assert.equal(told.length, 258);
  wakes.forget(sleepers[258] as Sleeper);
  wakes.isBack(sleepers[1]?.connection ?? {});
  assert.deepEqual(told.slice(-2), [259, 260]);
  wakes.close();
});

test('who does not come back keeps nobody waiting for longer than that takes', async () => {
  const clock = testClock();
  const wakes = new Wakes(clock);
  const { told, sleepers } = childrenOf(600);
  wakes.add(sleepers);
  await clock.advance(lifetimes.wokenBackMs - 1);
  assert.equal(told.length, 256);
  await clock.advance(1);
  assert.equal(told.length, 256 + 128);
  await clock.advance(2 * lifetimes.wokenBackMs);
  assert.equal(told.length, 600);
  wakes.close();
});

test('who had nothing to be told, or is gone, leaves its turn to others', async () => {
  const clock = testClock();
  const wakes = new Wakes(clock);
  const { told, sleepers } = childrenOf(100);
  const deaf = Array.from({ length: 400 }, (_, at): Sleeper => {
    return {
      connection: { at },
      tell: async () => {
        if (at % 2 === 0) throw new Error('it is gone');
        return false;
      },
    };
  });
  wakes.add([...deaf, ...sleepers]);
  await clock.advance(0);
  assert.equal(told.length, 100);
  wakes.close();
});

test('ten thousand quick children are told within half a minute, slow ones by a few hundred', async () => {
  assert.ok((await secondsUntilAllTold(testClock(), 10_000, 2_500)) < 30);
  const slow = await secondsUntilAllTold(testClock(), 2_000, 20_000);
  assert.ok(slow > 60 && slow < 120, `${slow} s`);
});
