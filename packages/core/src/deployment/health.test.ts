import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isWell, shareOf } from './health.ts';

const web = { component: 'web', package: 'a'.repeat(64), state: 'running', healthy: true };
const well = (more: object = {}, one: object = {}): boolean =>
  isWell({ lastReport: 100, lastSeen: null, reported: [{ ...web, ...one } as never], ...more }, 1_000, {
    offlineAfterMs: 900,
  });

it('a host is well while it is heard of and nothing that it runs is ill', () => {
  assert.deepEqual(
    [well(), well({ reported: [] }), well({}, { healthy: null }), well({ lastReport: 50, lastSeen: 100 })],
    [true, true, true, true],
  );
  assert.deepEqual(
    [
      well({ lastReport: null }),
      well({ lastReport: 99 }),
      well({}, { healthy: false }),
      well({}, { state: 'failed' }),
      well({}, { state: 'stopped' }),
    ],
    [false, false, false, false, false],
  );
});

it('a share is rounded up: 90 % of five hosts are five', () => {
  assert.deepEqual(
    [shareOf('90%', 5), shareOf('90%', 10), shareOf('1%', 5), shareOf('90%', 0)],
    [5, 9, 1, 0],
  );
});
