import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseTree } from '@xylem/core';
import { run, tempFolder } from '@xylem/testkit';
import { writeTree } from '../testing/packages.ts';
import { compareTree } from './compare-tree.ts';
import { differencesOf, differencesText } from './differences.ts';

const files = { 'bin/run!': '#!/bin/sh\n', 'lib/a.txt': 'a', 'lib/deep/b.txt': 'b', empty: '' };

async function folderAndTree(t: TestContext) {
  const folder = join(await tempFolder(t), 'shop');
  await writeTree(folder, files);
  const entries = parseTree(await readFile(`${folder}.tree`));
  const compare = async (apart: string[] = []) => {
    const found = await compareTree(folder, entries, apart, new AbortController().signal);
    return found.map(({ path, what, extra }) => `${path} ${what}${extra === true ? ' (extra)' : ''}`).sort();
  };
  return { folder, compare };
}

test('a folder that holds what the tree holds has no differences', async (t) => {
  const { compare } = await folderAndTree(t);
  assert.deepEqual(await compare(), []);
});

test('what is missing, changed, of another mode, or there besides, is named', async (t) => {
  const { folder, compare } = await folderAndTree(t);
  await writeFile(join(folder, 'lib/a.txt'), 'x');
  await writeFile(join(folder, 'empty'), 'not any more');
  await chmod(join(folder, 'bin/run'), 0o644);
  await rename(join(folder, 'lib/deep/b.txt'), join(folder, 'lib/deep/c.txt'));
  await mkdir(join(folder, 'logs/old'), { recursive: true });
  await writeFile(join(folder, 'logs/old/today'), 'x');
  assert.deepEqual(await compare(), [
    'bin/run has another mode',
    'empty has another size',
    'lib/a.txt has other bytes',
    'lib/deep/b.txt is missing',
    'lib/deep/c.txt is not part of the package (extra)',
    'logs is not part of the package (extra)',
  ]);
  assert.equal((await compare(['logs', 'lib/deep/c.txt'])).length, 4);
  await writeFile(join(folder, 'logs/beside'), 'x');
  assert.deepEqual(
    (await compare(['logs/old'])).filter((one) => one.startsWith('logs')),
    ['logs/beside is not part of the package (extra)'],
  );
});

test('no link is followed, and a pipe holds nobody up', async (t) => {
  const { folder, compare } = await folderAndTree(t);
  await rename(join(folder, 'lib'), `${folder}-elsewhere`);
  await symlink(`${folder}-elsewhere`, join(folder, 'lib'));
  await rename(join(folder, 'empty'), `${folder}-empty`);
  await run('mkfifo', [join(folder, 'empty')]);
  assert.deepEqual(await compare(), [
    'empty is no file',
    'lib is no folder',
    'lib/a.txt is missing',
    'lib/deep/b.txt is missing',
  ]);
});

test('what the package does not name is counted and not told to others', () => {
  const differences = differencesOf([
    { path: 'secret-customer.txt', what: 'is not part of the package', extra: true },
    { path: 'main.js', what: 'has other bytes' },
  ]);
  assert.deepEqual([differences.count, differences.extra], [2, 1]);
  assert.doesNotMatch(differencesText(differences), /customer/);
});
