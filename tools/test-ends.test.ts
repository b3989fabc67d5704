import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@xylem/testkit';

const reporter = fileURLToPath(new URL('test-ends.mjs', import.meta.url));

async function reported(folder: string, source: string): Promise<string> {
  const file = join(folder, 'made.test.mjs');
  await writeFile(file, `import { test } from 'node:test';\ntest('first', () => {});\n${source}`);
  const { NODE_TEST_CONTEXT: _own, ...env } = process.env;
  return await new Promise((resolve) => {
    const args = ['--test', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout', file];
    execFile(process.execPath, args, { env }, (_error, stdout) => resolve(stdout));
  });
}

test('a test file that a signal ended is named with it, and with what it wrote last', async (context) => {
  const folder = await tempFolder(context);
  const said = await reported(
    folder,
    `test('second', async () => {
  console.error('the last words');
  process.kill(process.pid, 'SIGSEGV');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});`,
  );
  assert.match(said, /made\.test\.mjs ended by SIGSEGV; it wrote last:\nthe last words\n/);
});

test('so is one that exits, and none that tells of all of its tests', async (context) => {
  const folder = await tempFolder(context);
  assert.match(
    await reported(folder, 'process.exit(7);'),
    /made\.test\.mjs ended with exit code 7; .*\n\(nothing\)/,
  );
  assert.equal(await reported(folder, "test('fails', () => { throw new Error('as it should'); });"), '');
});
