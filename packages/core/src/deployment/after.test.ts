import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AfterWatch, lookAfter, steadyMs } from './after.ts';

const watch: AfterWatch = {
  since: 0,
  until: 600_000,
  maxFailed: 1,
  maxUnavailable: '10%',
  onFail: 'rollback',
  badSince: null,
};
const seen = (failed: number, unheard = 0) => ({ eligible: 10, failed, unheard });

test('fails when too many hosts stay failed, and not for a moment of it', () => {
  const first = lookAfter(watch, seen(2), 1000);
  assert.ok(first.kind === 'watching' && first.watch.badSince === 1000);
  const next = lookAfter(first.watch, seen(2), 1000 + steadyMs - 1);
  assert.equal(next.kind, 'watching');
  const better = lookAfter(first.watch, seen(1), 1000 + steadyMs);
  assert.ok(better.kind === 'watching' && better.watch.badSince === null);
  assert.deepEqual(lookAfter(first.watch, seen(2), 1000 + steadyMs), {
    kind: 'failed',
    reason: 'After it had succeeded 2 hosts of 10 failed; at most 1 may.',
  });
});

test('what began before its end is looked at to its own end', () => {
  const late = lookAfter(watch, seen(2), 599_999);
  assert.ok(late.kind === 'watching');
  assert.equal(lookAfter(late.watch, seen(2), 600_001).kind, 'watching');
  assert.equal(lookAfter(late.watch, seen(2), 599_999 + steadyMs).kind, 'failed');
  assert.equal(lookAfter(late.watch, seen(0), 600_001).kind, 'passed');
});

test('no data never passes', () => {
  assert.equal(lookAfter(watch, seen(0), 600_000).kind, 'passed');
  assert.equal(lookAfter(watch, seen(1), 600_000).kind, 'passed');
  assert.equal(lookAfter(watch, seen(0, 1), 600_000).kind, 'passed');
  assert.equal(lookAfter(watch, seen(1, 1), 600_000).kind, 'inconclusive');
  // Of ten hosts one may be unavailable, and so none may fail.
  assert.equal(lookAfter({ ...watch, maxFailed: null }, seen(0, 1), 600_000).kind, 'inconclusive');
  assert.equal(lookAfter({ ...watch, maxFailed: 0 }, seen(0, 1), 600_000).kind, 'inconclusive');
});

test('it ends, whatever the clock does, and never fails within the limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: -100_000, max: 200_000 })), {
        maxLength: 50,
      }),
      (looks) => {
        let at = 0;
        let present = watch;
        for (const [failed, unheard, step] of [...looks, [0, 0, 10_000_000] as const]) {
          at += step;
          const look = lookAfter(present, seen(failed, unheard), at);
          if (look.kind === 'failed') assert.ok(failed > 1);
          if (look.kind !== 'watching') return;
          present = look.watch;
          assert.equal(present.until, watch.until);
        }
        assert.fail('it goes on for ever');
      },
    ),
  );
});
