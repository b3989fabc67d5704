import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { randomKills } from './sweep.ts';

const main = fileURLToPath(new URL('../agent-main.ts', import.meta.url));
/** Small here; `bench/run crash` does thousands. */
const runs = 12;
const seed = 1;

test('killed at random moments, a host is at the old or the new, loses no data and leaves nothing behind', {
  timeout: 230_000,
}, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const found = await randomKills(t, {
    runs,
    seed,
    agent: (stateFolder) => [process.execPath, main, stateFolder, '{"slotRetryMs":300,"observeMs":500}'],
    say: (line) => t.diagnostic(line),
  });
  assert.deepEqual(found.violations, []);
  assert.ok(found.kills >= found.runs);
  assert.ok(
    Object.values(found.killsByStep).some((count) => count > 0),
    'some kills came in the midst of work',
  );
});
