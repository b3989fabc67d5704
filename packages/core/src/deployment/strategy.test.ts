import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenStrategy, type WantedStrategy } from './strategy.ts';

const metrics = [{ name: 'errors', source: 'prometheus', limit: 0.02 }];
const about = (strategy: WantedStrategy | undefined, hosts: number, isUrgent: boolean) =>
  ({
    kind: 'deploy',
    isFirst: false,
    isUrgent,
    hosts,
    policy: { maxUnavailable: 1, metrics, ...(strategy === undefined ? {} : { strategy }) },
  }) as Parameters<typeof chosenStrategy>[1];

test('what is urgent goes in the steps of the policy without its bake, and figures need one', () => {
  const slow: WantedStrategy = { kind: 'canary', steps: [2, '50%'], bakeSeconds: 3600 };
  const inTime = chosenStrategy(undefined, about(slow, 40, false));
  assert.ok(inTime.kind === 'canary');
  assert.deepEqual([inTime.steps, inTime.bakeSeconds, inTime.metrics?.length], [[2, '50%'], 3600, 1]);
  for (const wanted of [undefined, slow, { kind: 'canary' } as const]) {
    const urgent = chosenStrategy(undefined, about(wanted, 40, true));
    assert.ok(urgent.kind === 'canary');
    assert.deepEqual([urgent.bakeSeconds, urgent.metrics], [0, undefined]);
    if (wanted === slow) assert.deepEqual(urgent.steps, [2, '50%']);
  }
  assert.deepEqual(chosenStrategy(undefined, about(undefined, 3, true)), {
    kind: 'rolling',
    maxUnavailable: 1,
  });
  const asked = chosenStrategy({ kind: 'canary', bakeSeconds: 30 }, about(slow, 40, true));
  assert.ok(asked.kind === 'canary');
  assert.deepEqual([asked.bakeSeconds, asked.metrics?.length], [30, 1], 'a bake that is asked for is kept');
});
