import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { type FuzzTarget, fuzz } from '@xylem/core/testing';
import { trustFuzzTargets } from './index.ts';

const seed = Number(process.env.XYLEM_FUZZ_SEED ?? 1);
const count = Number(process.env.XYLEM_FUZZ_INPUTS ?? 0);

test('the fuzzer finds a fault, says its input, and gives the same inputs for the same seed', async () => {
  const seen: string[] = [];
  const target: FuzzTarget = {
    name: 'made to fail',
    seedInputs: [Buffer.from('{"a":[1,2,3]}')],
    parse: (input) => {
      const text = Buffer.from(input).toString();
      seen.push(text);
      if (text.includes('__proto__')) throw new TypeError('found');
      throw new XylemError('E_DOCUMENT_INVALID', 'as it should be');
    },
  };
  const { faults } = await fuzz(target, 3000, seed);
  assert.ok(faults.length > 0);
  assert.match(Buffer.from(faults[0]?.input ?? []).toString(), /__proto__/);
  const first = seen.splice(0);
  await fuzz(target, 3000, seed);
  assert.deepEqual(seen, first);
  await fuzz(target, 3000, seed + 1);
  assert.notDeepEqual(seen.slice(first.length), first);
});

for (const target of await trustFuzzTargets()) {
  test(`${target.name}: coded errors only`, { timeout: 120_000 }, async (t) => {
    const { faults, inputs, taken, slowestMs } = await fuzz(target, count || 300, seed);
    t.diagnostic(`${inputs} inputs, ${taken} taken, slowest ${slowestMs.toFixed(0)} ms, seed ${seed}`);
    for (const { error, input } of faults) {
      assert.ifError(new Error(`${Buffer.from(input).toString('latin1').slice(0, 2000)}`, { cause: error }));
    }
    assert.equal(faults.length, 0);
  });
}
