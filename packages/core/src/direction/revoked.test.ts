import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostId } from '../ids.ts';
import { type Time, timeMs, timeOf } from '../time.ts';
import { revokedAfter } from './revoked.ts';

const now = timeMs('2026-11-21T00:00:00Z' as Time);
const day = 86_400_000;
const one = (host: string, days: number) => ({
  host: host.repeat(32) as HostId,
  until: timeOf(now + days * day),
});

test('a revocation holds until its end, whatever later direction says', () => {
  assert.deepEqual(revokedAfter([], [one('b', 3), one('a', 1)], now), [one('a', 1), one('b', 3)]);
  assert.deepEqual(revokedAfter([one('a', 1)], [], now), [one('a', 1)]);
  assert.deepEqual(revokedAfter([one('a', -1), one('b', 1)], [], now), [one('b', 1)]);
  assert.deepEqual(revokedAfter([one('a', 9)], [one('a', 2)], now), [one('a', 9)]);
  assert.deepEqual(revokedAfter([one('a', 2)], [one('a', 9)], now), [one('a', 9)]);
});
