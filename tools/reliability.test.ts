// What docs/reliability.md claims is shown by a test that exists.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exists, readText } from './workspace.ts';

const path = 'docs/reliability.md';

test(`each row of ${path} names a test that exists`, () => {
  const rows = readText(path)
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| *(---|fault)/.test(line));
  assert.ok(rows.length > 20, `${rows.length} rows`);
  for (const row of rows) {
    const named = [...row.matchAll(/`((?:packages|bench|tools)\/[^`]+\.ts)`/g)].map(([, file = '']) => file);
    assert.ok(named.length > 0, `no test is named: ${row}`);
    assert.deepEqual(
      named.filter((file) => !exists(file)),
      [],
    );
  }
});
