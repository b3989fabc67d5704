import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { testClock } from '@xylem/testkit';
import { ComparedTransfer, type Comparison, comparisonTiming } from './comparison.ts';
import type { ObjectSource } from './object-source.ts';
import { Patience } from './patience.ts';

interface Surroundings {
  readonly rate?: number;
  readonly isPaced?: boolean;
  readonly equals?: readonly string[];
  readonly above?: readonly string[];
}

/** One that gives so many bytes a second, and says that it holds its answers up; and others that could take over. */
function heldUp(
  isBetter: (rival: string) => boolean,
  { rate = 65, isPaced = true, equals = ['second', 'third'], above = [] }: Surroundings = {},
) {
  const clock = testClock();
  const { pacedMs, nearlyNothing } = comparisonTiming;
  const patienceOf = (ms: number): Patience => new Patience(ms, () => 0.999);
  const asked: { readonly rival: string; readonly atMs: number }[] = [];
  const named = (name: string): ObjectSource => ({
    name,
    get: async () => ({ status: 'missing' }),
  });
  const comparison: Comparison = {
    clock,
    timing: comparisonTiming,
    patience: patienceOf(pacedMs),
    higher: { patience: patienceOf(nearlyNothing.afterMs), rivalsOf: () => above.map(named) },
    fraction: () => 0.999,
    rivalsOf: () => equals.map(named),
    blame: () => assert.fail(),
  };
  async function* trickle(seconds: number): AsyncGenerator<Buffer, undefined> {
    for (let second = 0; second < seconds; second += 1) {
      await clock.advance(1_000);
      yield Buffer.alloc(rate);
    }
    return undefined;
  }
  const take = async ({ name }: ObjectSource): Promise<void> => {
    asked.push({ rival: name, atMs: clock.monotonicMs() });
    if (!isBetter(name)) throw new XylemError('E_PARENT_STALE', 'Too late.', { retry: 'elsewhere' });
  };
  const readFor = async (seconds: number): Promise<void> => {
    const source: ObjectSource = {
      name: 'first',
      get: async () => ({
        status: 'found',
        // No piece before it is read.
        body: Readable.from(trickle(seconds), { highWaterMark: 0 }),
        totalBytes: undefined,
        etag: undefined,
        isPaced,
      }),
    };
    const part = () => ({ sizeBytes: 10_000, take });
    const leftBytes = (): number => rate * 10_000;
    const transfer = new ComparedTransfer({ comparison, source, signal: undefined, leftBytes, part });
    for await (const _piece of transfer.read('o/x', {}));
  };
  return { clock, asked, readFor };
}

test('a parent that only says that it holds its answer up is left within 13 min', async () => {
  const { clock, readFor } = heldUp(() => true);
  await assert.rejects(readFor(16_000), { code: 'E_PARENT_SLOW' });
  assert.ok(clock.monotonicMs() >= 450_000 && clock.monotonicMs() <= 780_000, `${clock.monotonicMs()} ms`);
  const againMs = clock.monotonicMs();
  await assert.rejects(readFor(16_000), { code: 'E_PARENT_SLOW' });
  assert.ok(clock.monotonicMs() - againMs <= 13_000, 'its word counts no more');
});

test('many short transfers from it are as one', async () => {
  const { clock, readFor } = heldUp(() => true);
  const all = async (): Promise<void> => {
    for (let i = 0; i < 1_000; i += 1) await readFor(60);
  };
  await assert.rejects(all(), { code: 'E_PARENT_SLOW' });
  assert.ok(clock.monotonicMs() <= 780_000, `${clock.monotonicMs()} ms`);
});

test('where all hold up theirs it goes on: one other is asked for a part each 10 min, in turn', async () => {
  const { asked, readFor } = heldUp(() => false);
  await readFor(3_600);
  assert.deepEqual(
    asked.map(({ rival }) => rival),
    ['second', 'third', 'second', 'third'],
  );
  for (const [i, { atMs }] of asked.entries()) assert.ok(atMs - (asked[i - 1]?.atMs ?? 0) >= 450_000);
});

test('one that gives more is found behind one that does not', async () => {
  const { clock, readFor } = heldUp((rival) => rival === 'third');
  await assert.rejects(readFor(16_000), ({ code, details }: XylemError) => {
    assert.deepEqual(details.slower, ['first', 'second']);
    return code === 'E_PARENT_SLOW';
  });
  assert.ok(clock.monotonicMs() <= 1_560_000, `${clock.monotonicMs()} ms`);
});

test('what a limit may give at once says nothing: a part has to be longer than that', async () => {
  // The part is of 10,000 bytes.
  for (const [rate, least] of [
    [3_000, 1],
    [4_000, 0],
  ] as const) {
    const { asked, readFor } = heldUp(() => false, { rate });
    await readFor(800);
    assert.equal(asked.length, least);
  }
});

test('one that gives nearly nothing is left for a higher node within 38 min where it knows no other', async () => {
  for (const isPaced of [false, true]) {
    const { clock, asked, readFor } = heldUp(() => true, {
      rate: 1_100,
      isPaced,
      equals: [],
      above: ['root'],
    });
    await assert.rejects(readFor(10_000), ({ code, details }: XylemError) => {
      assert.deepEqual(details, { slower: ['first'], isHigher: true });
      return code === 'E_PARENT_SLOW';
    });
    assert.ok(clock.monotonicMs() >= 1_350_000 && clock.monotonicMs() <= 2_280_000, `${clock.monotonicMs()}`);
    assert.equal(asked.length, 1);
  }
});

test('and no sooner: others come first, one that gives more than that is never left, and each that gives no more is asked once in that time', async () => {
  const before = heldUp((rival) => rival === 'second', { rate: 1_100, isPaced: false, above: ['root'] });
  await assert.rejects(before.readFor(10_000), { code: 'E_PARENT_SLOW' });
  assert.deepEqual(
    before.asked.map(({ rival }) => rival),
    ['second'],
  );
  const enough = heldUp(() => true, { rate: 8_000, isPaced: false, equals: [], above: ['root'] });
  await enough.readFor(9_000);
  assert.deepEqual(enough.asked, []);
  const inVain = heldUp(() => false, { rate: 1_100, isPaced: false, equals: [], above: ['relay', 'root'] });
  await inVain.readFor(9_000);
  assert.deepEqual(
    inVain.asked.map(({ rival }) => rival),
    ['relay', 'root', 'relay'],
  );
});
