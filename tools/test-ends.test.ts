import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@xylem/testkit';

const reporter = fileURLToPath(new URL('test-ends.mjs', import.meta.url));

async function reported(
  folder: string,
  source: string,
  again?: string,
  beside: string[] = [],
): Promise<string> {
  const file = join(folder, 'made.test.mjs');
  await writeFile(file, `import { test } from 'node:test';\ntest('first', () => {});\n${source}`);
  const { NODE_TEST_CONTEXT: _own, XYLEM_TEST_AGAIN: _list, ...rest } = process.env;
  const env = again === undefined ? rest : { ...rest, XYLEM_TEST_AGAIN: again };
  return await new Promise((resolve) => {
    const args = [
      '--test',
      `--test-reporter=${reporter}`,
      '--test-reporter-destination=stdout',
      file,
      ...beside,
    ];
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

/** Ends the process as node does where a check of its own fails. */
const nodeAborts = (check: string): string => `process.on('exit', () => {
  process._rawDebug('Assertion failed: ${check}');
  process.abort();
});`;

test('a file that node itself aborted is to be run again, where nothing else failed', async (context) => {
  const folder = await tempFolder(context);
  const again = join(folder, 'again');
  const asyncHooks = nodeAborts('(env_->execution_async_id()) == (0)');
  const fails = "test('fails', () => { throw new Error('as it should'); });";

  assert.match(await reported(folder, nodeAborts('(other) == (0)'), again), /ended by SIGABRT/);
  await assert.rejects(readFile(again), { code: 'ENOENT' }, 'of any other check');
  assert.match(await reported(folder, asyncHooks, again), /ended by SIGABRT/);
  assert.equal(await readFile(again, 'utf8'), `${join(folder, 'made.test.mjs')}\n`);

  const second = join(folder, 'again-2');
  await writeFile(join(folder, 'other.test.mjs'), `import { test } from 'node:test';\n${fails}`);
  await reported(folder, asyncHooks, second, [join(folder, 'other.test.mjs')]);
  await assert.rejects(readFile(second), { code: 'ENOENT' }, 'beside a test that failed');
});
