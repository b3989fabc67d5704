import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('what a large process starts does not count its memory as its own', async (t) => {
  const held = Buffer.alloc(400 * 2 ** 20, 1);
  const code = `import(${JSON.stringify(join(import.meta.dirname, 'peak.ts'))}).then(async (m) =>
    console.log(JSON.stringify([await m.peakRssMb(), process.resourceUsage().maxRSS / 1024])))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code]);
  const [own = 0, counted = 0] = JSON.parse(stdout) as number[];
  assert.ok(own > 20 && own < 300, `${own} MB`);
  t.diagnostic(
    `${own} MB, by the kernel's count for others ${counted} MB, started by one with ${held.length} bytes`,
  );
});
