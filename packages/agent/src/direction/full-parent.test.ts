import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removeLater } from '@xylem/testkit';
import { belowTwo } from '../testing/below-two.ts';

test('a full parent is left within 3 s, asked after 45 to 75 s whether it still is, and taken again when it is not', async (t) => {
  const { clock, parents, first, second, pass, since, is, follow } = belowTwo();
  const stop = new AbortController();
  removeLater(t, () => stop.abort());
  void follow(stop.signal);
  await pass(5_000);
  assert.equal(parents.current()?.url, first);

  const fullAtMs = clock.monotonicMs();
  is(first, { isFull: true });
  await pass(3_250);
  assert.equal(parents.current()?.url, second);
  const [left] = since(fullAtMs, second);
  assert.ok(left !== undefined && left.atMs >= fullAtMs + 1_000, 'not all children at the same moment');

  const leftAtMs = clock.monotonicMs();
  await pass(76_000);
  assert.deepEqual(
    since(leftAtMs, first).map(({ path }) => path),
    ['/news'],
  );
  assert.equal(parents.current()?.url, second);
  is(first, { isFull: false });
  await pass(151_000);
  assert.equal(parents.current()?.url, first);
  assert.equal(parents.full(), null);
});
