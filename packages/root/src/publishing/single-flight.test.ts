import assert from 'node:assert/strict';
import { test } from 'node:test';
import { singleFlight } from './single-flight.ts';

test('one run at a time, and one that began after each asking, also for who asks as a run ends', async () => {
  const held: (() => void)[] = [];
  let begun = 0;
  let now = 0;
  let most = 0;
  const flight = singleFlight(async () => {
    begun += 1;
    now += 1;
    most = Math.max(most, now);
    await new Promise<void>((resolve) => held.push(resolve));
    now -= 1;
  });
  const first = flight();
  const second = flight();
  assert.equal(flight(), second, 'all who ask meanwhile share one');
  const third = first.then(() => flight());
  held.shift()?.();
  await first;
  // As many turns as anything of it could take that needs no run to end.
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  assert.deepEqual([begun, most], [2, 1]);
  held.shift()?.();
  await Promise.all([second, third]);
  await Promise.all([flight(), Promise.resolve().then(() => held.shift()?.())]);
  assert.deepEqual([begun, most], [3, 1]);
});

test('a run that fails is told to who asked for it, and not to who asked for the next', async () => {
  let runs = 0;
  const flight = singleFlight(async () => {
    runs += 1;
    if (runs === 1) throw new Error('once');
  });
  const first = flight();
  const second = flight();
  await assert.rejects(first, /once/);
  await second;
  assert.equal(runs, 2);
});
