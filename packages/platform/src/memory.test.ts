import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { heapGrowthFlag, releaseMemorySoon } from './memory.ts';

/** Nobody refers to it any more after this; but it was old by then, and what is old stays until room is needed. */
let held: Buffer[] = [];
function leaveBehind(): void {
  held = Array.from({ length: 3 }, () => Buffer.alloc(2_000_000, 1));
  for (let i = 0; i < 100_000; i += 1) held[i % 3]![0] = Array.from({ length: 100 }, () => i).length;
  held = [];
}

test('what large work left behind goes, without anybody asking for memory', async () => {
  leaveBehind();
  const before = process.memoryUsage().arrayBuffers;
  assert.ok(before > 5_000_000, `${before}`);
  releaseMemorySoon();
  releaseMemorySoon();
  const deadline = Date.now() + 20_000;
  while (process.memoryUsage().arrayBuffers > 2_000_000 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const after = process.memoryUsage().arrayBuffers;
  assert.ok(after < 2_000_000, `${after}`);
});

test('this engine knows the flag by which the growth of a heap is bounded', () => {
  const told = (flag: string): string => {
    const script = `process.getBuiltinModule('node:v8').setFlagsFromString('${flag}')`;
    return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stderr;
  };
  assert.match(told('--no-such-flag'), /unrecognized flag/);
  assert.equal(told(heapGrowthFlag), '');
});
