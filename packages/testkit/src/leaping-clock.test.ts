import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leapingClock } from './leaping-clock.ts';

const hourMs = 3_600_000;

test('who has slept long enough wakes by a leap, who has not sleeps on, and who is woken otherwise rejects', async () => {
  const clock = leapingClock();
  const woken: string[] = [];
  const over = new AbortController();
  const short = clock.sleep(hourMs).then(() => woken.push('short'));
  const long = clock.sleep(3 * hourMs, over.signal).then(() => woken.push('long'));
  const [begun, wall] = [clock.monotonicMs(), clock.now()];
  clock.leap(2 * hourMs);
  await short;
  assert.ok(clock.monotonicMs() - begun >= 2 * hourMs && clock.now() - wall >= 2 * hourMs);
  assert.deepEqual(woken, ['short']);
  over.abort(new Error('over'));
  await assert.rejects(long, /over/);
  await assert.rejects(clock.sleep(1, AbortSignal.abort(new Error('before'))), /before/);
  await clock.sleep(1);
});
