import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '@xylem/core/testing';
import { rootFuzzTargets } from './fuzz-targets.ts';

const seed = Number(process.env.XYLEM_FUZZ_SEED ?? 1);
const count = Number(process.env.XYLEM_FUZZ_INPUTS ?? 60);

test('what others give this package is refused by a code, or taken', { timeout: 120_000 }, async (t) => {
  for (const target of await rootFuzzTargets(t)) {
    await t.test(target.name, async () => {
      const { faults } = await fuzz(target, count, seed);
      for (const { error, input } of faults) {
        assert.ifError(new Error(Buffer.from(input).toString('latin1').slice(0, 2000), { cause: error }));
      }
    });
  }
});
