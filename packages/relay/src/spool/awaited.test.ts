import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spooledReport } from '../testing/reports.ts';
import { Awaited } from './awaited.ts';

const second = 1_000;
const timing = { reportRetryFirstMs: 5 * second, reportRetryMaxMs: 600 * second };
const report = spooledReport(1, 1);

/** What comes after it was sent at 0, in seconds, if nothing covers it; each time it goes to `at`. */
function course(at: string | null, steps: number): string[] {
  const awaited = new Awaited(timing);
  const found: string[] = [];
  let nowMs = 0;
  awaited.sent(report, at, nowMs);
  while (found.length < steps) {
    nowMs += awaited.untilDueMs(nowMs);
    const { toSend, toLookFor } = awaited.due([report], nowMs);
    assert.equal(toSend.length + toLookFor.size, 1);
    if (toLookFor.size === 1) awaited.looked(report, nowMs);
    else awaited.sent(report, at, nowMs);
    found.push(`${toLookFor.size === 1 ? 'look' : 'send'} ${nowMs / second}`);
  }
  return found;
}

test('what was taken is looked for twice before it is sent again, with pauses that double to the longest', () => {
  assert.equal(
    course('a', 9).join(', '),
    'look 5, look 15, send 30, look 40, look 60, send 90, look 110, look 150, send 210',
  );
  const times = course('a', 60).filter((one) => one.startsWith('send'));
  const [last = 0, before = 0] = times.reverse().map((one) => Number(one.slice(5)));
  assert.equal(last - before, 600);
});

test('what nobody can be asked about is sent again with pauses that double to the longest', () => {
  assert.deepEqual(course(null, 5), ['send 5', 'send 15', 'send 35', 'send 75', 'send 155']);
  const [last = 0, before = 0] = course(null, 20)
    .reverse()
    .map((one) => Number(one.slice(5)));
  assert.equal(last - before, 600);
});

test('a newer report of the host goes up at once, and what is covered is forgotten', () => {
  const awaited = new Awaited(timing);
  const newer = spooledReport(1, 2);
  awaited.sent(report, 'a', 0);
  awaited.sent(report, 'a', 0);
  assert.equal(awaited.timesSent(report), 2);
  assert.deepEqual(awaited.due([newer], 0).toSend, [newer]);
  assert.equal(awaited.timesSent(newer), 0);
  awaited.due([], 0);
  assert.equal(awaited.timesSent(report), 0);
  assert.equal(awaited.untilDueMs(0), timing.reportRetryMaxMs);
});

test('what can not be looked for is sent again at once, and by the pauses of what it was sent before', () => {
  const awaited = new Awaited(timing);
  awaited.sent(report, 'a', 0);
  awaited.sendAgain(report, 5 * second);
  assert.deepEqual(awaited.due([report], 5 * second).toSend, [report]);
  awaited.sent(report, null, 5 * second);
  assert.equal(awaited.untilDueMs(5 * second), 10 * second);
});
