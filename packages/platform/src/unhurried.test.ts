import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnstile, unhurried } from './unhurried.ts';

/** Counts the turns of the event loop that others had meanwhile. */
function turnsOfOthers(): { readonly taken: () => number; readonly stop: () => void } {
  let taken = 0;
  let next = setImmediate(count);
  function count(): void {
    taken += 1;
    next = setImmediate(count);
  }
  return { taken: () => taken, stop: () => clearImmediate(next) };
}

test('work that waits for nothing lets others go on between its items', async (t) => {
  const others = turnsOfOthers();
  t.after(others.stop);
  const seen: number[] = [];
  for await (const item of unhurried([1, 2, 3, 4, 5], 2)) {
    seen.push(item);
    await Promise.resolve();
  }
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  assert.ok(others.taken() >= 2, `others had ${others.taken()} turns`);
});

test('a turnstile lets in one at a time, in the order in which they came', async (t) => {
  const others = turnsOfOthers();
  t.after(others.stop);
  const turn = turnstile();
  const entered: [number, number][] = [];
  await Promise.all(
    [1, 2, 3].map(async (one) => {
      await turn();
      entered.push([one, others.taken()]);
    }),
  );
  assert.deepEqual(
    entered.map(([one]) => one),
    [1, 2, 3],
  );
  const turns = entered.map(([, taken]) => taken);
  assert.equal(new Set(turns).size, 3, `they came in turns ${turns.join(', ')}`);
});
