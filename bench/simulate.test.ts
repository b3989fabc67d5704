import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench } from './simulate.ts';

test('a deployment that breaks hosts fails, and its record replays', async () => {
  const words = '--hosts 40 --breaks 0.9 --seed 2'.split(' ');
  const { figures } = await bench.run(words, () => undefined);
  assert.deepEqual([figures['failed'], figures['replayDiffers']], [true, false]);
  assert.ok(Number(figures['hostsExposed']) < 40);
});

test('what is no number is refused', async () => {
  for (const words of [
    ['--hosts', 'many'],
    ['--breaks', '5'],
    ['--max-unavailable', '0'],
    ['--days', '0'],
  ])
    await assert.rejects(
      bench.run(words, () => undefined),
      { code: 'E_INPUT' },
    );
});
