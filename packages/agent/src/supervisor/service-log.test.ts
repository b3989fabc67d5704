import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { outputOfLog } from './output.ts';
import { boundServiceLog } from './service-log.ts';

test('what a service wrote last is found also right after its log began anew', async (t) => {
  const path = join(await tempFolder(t, 'log'), 'shop.log');
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i} ${'x'.repeat(40)}`);
  writeFileSync(path, `${lines.join('\n')}\nError: the reason\n`);
  assert.equal(boundServiceLog(path, 1_000), true);
  assert.match(outputOfLog(path).last, /Error: the reason$/);
  writeFileSync(path, '    at main.js:1\n');
  assert.match(outputOfLog(path).last, /Error: the reason\n {4}at main.js:1$/);
  writeFileSync(path, `${lines.join('\n')}\n`);
  assert.doesNotMatch(outputOfLog(path).last, /the reason/);
});
