import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lifetimes, XylemError } from '@xylem/core';
import { failover } from './failover.ts';
import { Fullness } from './fullness.ts';
import type { ObjectSource } from './object-source.ts';

const minute = 60_000;

function setUp() {
  let nowMs = 0;
  const clock = {
    now: () => Date.UTC(2026, 10, 22) + nowMs,
    monotonicMs: () => nowMs,
    sleep: async () => undefined,
  };
  const fullness = new Fullness(clock, () => 0.5);
  return { clock, fullness, pass: (ms: number) => (nowMs += ms) };
}

test('a full parent comes last for a minute, twice as long each time, and five minutes at most', () => {
  const { clock, fullness, pass } = setUp();
  const waits: (number | null)[] = [];
  for (let time = 0; time < 5; time += 1) {
    assert.equal(fullness.said('a', 1_000), time === 0);
    assert.deepEqual(fullness.inOrder(['a', 'b']), ['b', 'a']);
    assert.ok(fullness.comesLast('a') && !fullness.isDue('a'));
    const waitMs = fullness.dueMs(['b', 'a'], clock.monotonicMs());
    waits.push(waitMs);
    pass(waitMs ?? 0);
    assert.ok(!fullness.comesLast('a') && fullness.isDue('a'));
    assert.deepEqual(fullness.inOrder(['a', 'b']), ['a', 'b']);
    assert.deepEqual(
      fullness.roomyFirst(['a', 'b', 'c']),
      ['b', 'c', 'a'],
      'what it need not take it is not brought',
    );
  }
  assert.deepEqual(waits, [minute, 2 * minute, 4 * minute, 5 * minute, 5 * minute]);
});

test('one that has room again takes its place at once, and one that comes and goes is left for longer', () => {
  const { clock, fullness, pass } = setUp();
  fullness.said('a', 0);
  pass(10_000);
  assert.equal(fullness.said('a', undefined), true);
  assert.deepEqual(fullness.inOrder(['a', 'b']), ['a', 'b']);
  assert.ok(!fullness.isDue('a'));
  assert.deepEqual(fullness.roomyFirst(['a', 'b']), ['a', 'b']);
  assert.equal(fullness.fault(['a', 'b']), null);
  assert.equal(fullness.said('a', undefined), false);
  fullness.said('a', 0);
  assert.equal(fullness.dueMs(['a'], clock.monotonicMs()), 2 * minute);
  fullness.said('a', undefined);
  pass(6 * minute);
  fullness.said('a', 0);
  assert.equal(fullness.dueMs(['a'], clock.monotonicMs()), minute);
});

test('what is said of it stays the same while it says so, and ends with its last word', () => {
  const { fullness, pass } = setUp();
  fullness.said('https://a', 12 * minute);
  const fault = fullness.fault(['https://b', 'https://a']);
  assert.match(fault?.message ?? '', /^The disk of https:\/\/a is full since 2026-11-21T23:48:00Z,/);
  pass(9 * minute);
  fullness.said('https://a', 30 * minute);
  assert.equal(fullness.fault(['https://a']), fault);
  pass(lifetimes.fullForgottenMs - 1);
  assert.equal(fullness.fault(['https://a'])?.code, 'E_PARENT_FULL');
  assert.equal(fullness.fault(['https://b']), null);
  pass(1);
  assert.equal(fullness.fault(['https://a']), null);
});

test('for how long it claims to be full is its own word, however long', () => {
  const { fullness } = setUp();
  fullness.said('a', Number.MAX_SAFE_INTEGER);
  assert.match(fullness.fault(['a'])?.message ?? '', /since 1970-01-01T00:00:00Z/);
});

test('of several sources a full one comes last for all but objects, is asked where no other answers, and is asked again', async () => {
  const { clock, fullness, pass } = setUp();
  const get: ObjectSource['get'] = async () => ({ status: 'missing' });
  const choice = failover(
    [
      { name: 'a', get },
      { name: 'b', get },
    ],
    { clock, fullness },
  );
  const first = (path: string): Promise<string> => choice.attempt(path, async ({ name }) => name);
  fullness.said('a', 0);
  assert.deepEqual([await first('news'), await first('r/x'), await first('o/x')], ['b', 'b', 'a']);
  const chosenMs = clock.monotonicMs();
  assert.equal(choice.betterAgainMs('b', chosenMs), minute);
  const answers = await choice.attempt('news', async ({ name }) => {
    if (name === 'b') throw new XylemError('E_PARENT_UNREACHABLE', 'It is away.');
    return name;
  });
  assert.equal(answers, 'a');
  pass(minute);
  assert.equal(choice.betterAgainMs('b', chosenMs), 0);
  assert.equal(choice.betterAgainMs('b', clock.monotonicMs()), null);
  assert.equal(await first('news'), 'a');
  // Still full: the next is asked, and it stays as good as before for objects.
  const asked: string[] = [];
  const next = await choice.attempt('news', async ({ name }) => {
    asked.push(name);
    if (name === 'a') throw new XylemError('E_PARENT_FULL', 'It is full.');
    return name;
  });
  assert.deepEqual([asked, next, await first('o/x')], [['a', 'b'], 'b', 'a']);
});
