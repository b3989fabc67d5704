import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { installDebian, run, tempFolder } from '@xylem/testkit';
import { isAsShown, readBlocks } from './blocks.ts';
import { runPage } from './run.ts';

const checkout = join(import.meta.dirname, '../..');
const fence = '```';

test('blocks are read with where they run and what they show', () => {
  const page = `# A page\n${fence}sh machine=second exit=9\nfalse\n${fence}\nsays\n${fence}text\nno\n${fence}\n${fence}sh\ntrue\n${fence}\n`;
  const [first, second, ...more] = readBlocks(page);
  assert.deepEqual(
    [first?.machine, first?.exit, first?.script, first?.shows],
    ['second', 9, 'false\n', 'no\n'],
  );
  assert.deepEqual(
    [second?.machine, second?.background, second?.shows, more.length],
    ['first', false, null, 0],
  );
  assert.throws(() => readBlocks(`${fence}sh machin=second\ntrue\n${fence}\n`), /line 1: "machin=second"/);
  assert.throws(() => readBlocks(`${fence}text\nlost\n${fence}\n`), /output of which command/);
  assert.throws(() => readBlocks(`${fence}sh\ntrue\n`), /never closed/);
});

test('output is compared, but for what … stands for and the width of white space', () => {
  assert.equal(isAsShown('NAME  ID\nweb-1 …\n', 'NAME   ID\nweb-1  3f9a\n'), true);
  assert.equal(isAsShown('…\nlast (1+1)\n', 'first\nsecond\nlast (1+1)\n'), true);
  assert.equal(isAsShown('web-1 …\n', 'web-2  3f9a\n'), false);
  assert.equal(isAsShown('all\n', 'all\nand more\n'), false);
  assert.equal(isAsShown('one … line\n', 'one\nother line\n'), false);
});

const missing =
  process.getuid?.() === 0
    ? await installDebian('iproute2', 'curl')
    : { skip: 'network namespaces need root' };
const options = missing === null ? { timeout: 200_000 } : { skip: missing.skip };

test('a page that tells something else fails, and leaves nothing', options, async (t) => {
  const page = join(await tempFolder(t), 'page.md');
  const script = 'sleep 1000 & disown\nip -br address show eth0\n';
  await writeFile(
    page,
    `${fence}sh machine=other\n${script}${fence}\n${fence}text\neth0 … 192.0.2.9/24 …\n${fence}\n`,
  );
  await assert.rejects(
    runPage(page, () => undefined),
    /page\.md:2: not as shown:\neth0.*192\.0\.2\.1\/24/s,
  );
  const { stdout } = await run('ip', ['netns', 'list']);
  assert.doesNotMatch(stdout, new RegExp(`xylem-tutorial-${process.pid}-`));
});

test('the tutorial works as written', options, async (t) => {
  if (!existsSync(join(checkout, 'dist/xylem.js')))
    return t.skip('there is no dist/xylem.js: run ./test, or npm run build');
  await runPage(join(checkout, 'docs/tutorial.md'), (line) => t.diagnostic(line));
});

test('the walk-through of the kind command works as written', options, async (t) => {
  if (!existsSync(join(checkout, 'dist/xylem.js')))
    return t.skip('there is no dist/xylem.js: run ./test, or npm run build');
  await runPage(join(checkout, 'docs/components/command.md'), (line) => t.diagnostic(line));
});
