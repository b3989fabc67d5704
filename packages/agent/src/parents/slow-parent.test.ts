import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { type HttpClient, silentLog } from '@xylem/platform';
import { testClock } from '@xylem/testkit';
import { parentsOf } from './parents.ts';

const [only, sibling, root] = ['https://only', 'https://sibling', 'https://root'] as const;
const object = `o/${'0'.repeat(32)}/${'1'.repeat(64)}`;

function belowOne(siblings: readonly string[]) {
  const clock = testClock();
  const randomness = { fraction: () => 0.5, bytes: (size: number) => Buffer.alloc(size) };
  const parents = parentsOf({
    http: {} as HttpClient,
    clock,
    randomness,
    log: silentLog,
    wanted: () => [only],
    returnToFirstMs: 300_000,
  });
  parents.learn(only, {
    format: 'xylem-parents-1',
    self: { host: null },
    siblings,
    above: [root],
  } as unknown as Parameters<typeof parents.learn>[1]);
  const { comparison } = parents;
  assert.ok(comparison);
  const verdict = async (isHigher: boolean): Promise<void> => {
    const slow = new XylemError('E_PARENT_SLOW', 'It is slow.', { details: { slower: [only], isHigher } });
    await assert.rejects(
      parents.attempt(object, () => Promise.reject(slow)),
      slow,
    );
  };
  const first = (path: string): Promise<string> => parents.attempt(path, async ({ name }) => name);
  const inOrder = async (): Promise<string[]> => {
    const asked: string[] = [];
    const missing = new XylemError('E_OBJECT_MISSING', 'It is not here.', { retry: 'elsewhere' });
    const act = ({ name }: { readonly name: string }): Promise<never> => {
      asked.push(name);
      return Promise.reject(missing);
    };
    await assert.rejects(parents.attempt(object, act), missing);
    return asked;
  };
  return { clock, comparison, verdict, first, inOrder };
}

test('a host with a single parent may compare it with a higher node later, and then has objects from there for a minute', async () => {
  const { clock, comparison, verdict, first } = belowOne([]);
  assert.deepEqual(comparison.rivalsOf(only), []);
  assert.deepEqual(
    comparison.higher.rivalsOf(only).map(({ name }) => name),
    [root],
  );
  await verdict(true);
  assert.deepEqual([await first(object), await first('news')], [root, only]);
  await clock.advance(60_000);
  assert.equal(await first(object), only);
});

test('a slow parent still comes before higher nodes where a sibling gave more', async () => {
  const { comparison, verdict, inOrder } = belowOne([sibling]);
  assert.deepEqual(
    comparison.rivalsOf(only).map(({ name }) => name),
    [sibling],
  );
  await verdict(false);
  assert.deepEqual(await inOrder(), [sibling, only, root]);
});
