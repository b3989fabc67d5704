import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { removeLater } from '@xylem/testkit';
import { type BelowTwo, type BelowTwoOptions, belowTwo, hours } from '../testing/below-two.ts';

// The bounds of docs/spec/failover.md, with the times of this program and the longest pauses that it may draw.

const second = 1_000;

/** A host that follows its first parent. */
async function following(t: TestContext, options?: BelowTwoOptions): Promise<BelowTwo> {
  const below = belowTwo(options);
  const stop = new AbortController();
  removeLater(t, () => stop.abort());
  void below.follow(stop.signal);
  await below.pass(5_000);
  assert.equal(below.parents.current()?.url, below.first);
  return below;
}

test('a parent that refuses connections is asked once more and left within 3 s', async (t) => {
  const below = await following(t);
  const atMs = below.clock.monotonicMs();
  below.is(below.first, { how: 'refuses' });
  const tookMs = await below.until(below.second, 10 * second);
  assert.ok(tookMs >= second && tookMs <= 3 * second, `${tookMs} ms`);
  assert.equal(below.since(atMs, below.first).length, 1);
});

test('a parent that dies while it holds a question is left within 60 s of that', async (t) => {
  const below = await following(t);
  // Right after a question was asked.
  const asked = (): number => below.since(0, below.first).length;
  const before = asked();
  while (asked() === before) await below.pass(250);
  below.is(below.first, { how: 'silent' });
  const tookMs = await below.until(below.second, 200 * second);
  assert.ok(tookMs > 50 * second && tookMs <= 60 * second, `${tookMs} ms`);
});

for (const [name, isHigher, bound] of [
  ['one that the operator named', false, 1_620],
  ['a higher node alone', true, 6_120],
] as const) {
  test(`a parent that freezes is left within ${bound} s for ${name}`, async (t) => {
    const below = await following(t, { isHigher });
    below.is(below.second, { snapshot: 2, timestamp: 2 });
    const tookMs = await below.until(below.second, 2 * bound * second);
    assert.ok(tookMs > 600 * second && tookMs <= bound * second, `${tookMs} ms`);
  });
}

test('a parent that withholds the environment at first is passed over at once', async (t) => {
  const below = belowTwo();
  below.is(below.first, { how: 'withholds' });
  const stop = new AbortController();
  removeLater(t, () => stop.abort());
  void below.follow(stop.signal);
  assert.ok((await below.until(below.second, 10 * second)) <= second);
});

test('a parent that withholds it later is left within 1,620 s of a change', async (t) => {
  const below = await following(t);
  below.is(below.first, { how: 'withholds' });
  below.is(below.second, { snapshot: 2, timestamp: 2 });
  const tookMs = await below.until(below.second, 4_000 * second);
  assert.ok(tookMs <= 1_620 * second, `${tookMs} ms`);
});

test('a stale parent is asked each half hour from 20 h on, and left within 26 h 30 min of what was last signed', async (t) => {
  const below = await following(t);
  await below.pass(hours(19, 50), 10_000);
  const renewals = (): number[] =>
    below
      .since(hours(1), below.first)
      .filter(({ path }) => path.endsWith('/timestamp.json'))
      .map(({ atMs }) => atMs);
  assert.deepEqual(renewals(), [], 'nobody is asked for what is not due');
  below.is(below.second, { timestamp: 2, signedMs: below.clock.now() + hours(6) });
  await below.pass(hours(6), 10_000);
  assert.equal(below.parents.current()?.url, below.first);
  const asked = renewals();
  assert.ok(asked.length >= 11 && asked.length <= 13, `${asked.length} times`);
  await below.until(below.second, hours(2));
  const tookMs = below.clock.monotonicMs();
  assert.ok(tookMs > hours(26) && tookMs <= hours(26, 30), `${tookMs / 60_000 - 26 * 60} min after 26 h`);
});
