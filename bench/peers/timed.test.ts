import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inAll, parseTime } from './timed.ts';

test('what GNU time wrote is read in seconds and MB', () => {
  const used = parseTime('1.50 0.25 0.5 2000\n');
  assert.deepEqual(used, { wallSeconds: 1.5, cpuSeconds: 0.75, peakRssMb: 2.048 });
});

test('of several lines the last is the measure', () => {
  assert.equal(parseTime('Command terminated by signal 9\n2.00 1.00 0.00 10\n').wallSeconds, 2);
});

test('what is no measure is refused', () => {
  for (const text of ['', 'Command exited with non-zero status 3\n', '1 2 3\n'])
    assert.throws(() => parseTime(text), { code: 'E_INPUT' });
});

test('commands one after another: times add up, the largest process counts', () => {
  const [a, b] = [parseTime('1.00 1.00 0.00 1000'), parseTime('2.00 0.50 0.50 500')];
  assert.deepEqual(inAll(a, b), { wallSeconds: 3, cpuSeconds: 2, peakRssMb: 1.024 });
});
