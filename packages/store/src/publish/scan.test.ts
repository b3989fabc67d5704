import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ErrorCode, XylemError } from '@xylem/core';
import { temporaryFolder, writeFolder } from '../testing/folder.ts';
import { scanFolder } from './scan.ts';

async function setUp(t: TestContext): Promise<string> {
  const folder = join(await temporaryFolder(t), 'folder');
  await writeFolder(folder, { 'a/file': 'content' });
  return folder;
}

const code = (wanted: ErrorCode) => (error: unknown) =>
  error instanceof XylemError && error.code === wanted && error.message.length > 20;

test('entries come in the order of a tree, with what travels of them', async (t) => {
  const folder = await setUp(t);
  await writeFolder(folder, { 'a-b': '', 'run*': 'x', 'empty/inner': null, 'a/up': '-> ../run' });
  assert.deepEqual(await scanFolder(folder), [
    { type: 'file', path: 'a-b', sizeBytes: 0, executable: false },
    { type: 'file', path: 'a/file', sizeBytes: 7, executable: false },
    { type: 'link', path: 'a/up', target: '../run' },
    { type: 'folder', path: 'empty/inner' },
    { type: 'file', path: 'run', sizeBytes: 1, executable: true },
  ]);
});

test('links that are absolute or leave the folder, also by way of other links, are refused', async (t) => {
  const cases: Record<string, string>[] = [
    { link: '/etc/passwd' },
    { link: '../outside' },
    { 'a/link': '../../outside' },
    { 'a/one': '..', 'a/two': 'one/../outside' },
    { one: 'two', two: 'one' },
  ];
  for (const links of cases) {
    const folder = await setUp(t);
    for (const [path, target] of Object.entries(links)) await symlink(target, join(folder, path));
    await assert.rejects(scanFolder(folder), code('E_TREE_LINK'), JSON.stringify(links));
  }
});

test('pipes, sockets, devices and set-uid files are refused', async (t) => {
  const pipe = await setUp(t);
  execFileSync('mkfifo', [join(pipe, 'pipe')]);
  await assert.rejects(scanFolder(pipe), code('E_TREE_ENTRY'));
  assert.equal((await scanFolder(pipe, (path) => path === 'pipe')).length, 1);

  const socket = await setUp(t);
  const server = createServer().listen(join(socket, 'socket'));
  t.after(() => server.close());
  await assert.rejects(scanFolder(socket), code('E_TREE_ENTRY'));

  for (const mode of [0o4755, 0o2755]) {
    const folder = await setUp(t);
    await chmod(join(folder, 'a/file'), mode);
    await assert.rejects(scanFolder(folder), code('E_TREE_ENTRY'));
  }
});

test('a device is refused', { skip: process.getuid?.() === 0 ? false : 'mknod needs root' }, async (t) => {
  const folder = await setUp(t);
  execFileSync('mknod', [join(folder, 'null'), 'c', '1', '3']);
  await assert.rejects(scanFolder(folder), code('E_TREE_ENTRY'));
});

test('names that differ only in case or Unicode form are refused', async (t) => {
  const pairs = [
    ['Readme', 'README'],
    ['caf\u00e9', 'cafe\u0301'],
    ['stra\u00dfe', 'STRASSE'],
  ] as const;
  for (const [one, two] of pairs) {
    const folder = await setUp(t);
    await writeFile(join(folder, one), '1');
    await writeFile(join(folder, two), '2');
    await assert.rejects(scanFolder(folder), code('E_TREE_NAME_CLASH'), `${one} ${two}`);
  }
  const folders = await setUp(t);
  await writeFolder(folders, { 'Lib/x': '1', 'lib/y': '2' });
  await assert.rejects(scanFolder(folders), code('E_TREE_NAME_CLASH'));
});

test('names that are not UTF-8 or hold control characters are refused', async (t) => {
  const latin = await setUp(t);
  await writeFile(Buffer.concat([Buffer.from(`${latin}/`), Buffer.of(0xe9)]), 'x');
  await assert.rejects(scanFolder(latin), code('E_TREE_PATH'));
  const control = await setUp(t);
  await writeFile(join(control, 'new\nline'), 'x');
  await assert.rejects(scanFolder(control), code('E_TREE_PATH'));
  const target = await setUp(t);
  await symlink(Buffer.from([0x61, 0xff]), join(target, 'link'));
  await assert.rejects(scanFolder(target), code('E_TREE_PATH'));
});

test('an empty folder is nothing to publish, an empty folder in it is', async (t) => {
  const folder = join(await temporaryFolder(t), 'empty');
  await mkdir(folder);
  await assert.rejects(scanFolder(folder), code('E_TREE_EMPTY'));
  await mkdir(join(folder, 'inner'));
  assert.deepEqual(await scanFolder(folder), [{ type: 'folder', path: 'inner' }]);
  await assert.rejects(scanFolder(join(folder, 'absent')), code('E_INPUT'));
});

test('a folder whose content is excluded is no entry', async (t) => {
  const folder = await setUp(t);
  await writeFolder(folder, { 'cache/one': '1', 'cache/two': '2', kept: 'x' });
  const asked: [string, boolean][] = [];
  const entries = await scanFolder(folder, (path, isFolder) => {
    asked.push([path, isFolder]);
    return path.startsWith('cache/');
  });
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['a/file', 'kept'],
  );
  assert.deepEqual(
    asked.find(([path]) => path === 'cache'),
    ['cache', true],
  );
});
