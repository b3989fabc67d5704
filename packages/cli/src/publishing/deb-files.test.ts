import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { debFiles } from './deb-files.ts';

const skip = existsSync('/usr/bin/dpkg-deb') ? false : 'this machine has no dpkg-deb';

async function deb(folder: string, path: string, control: readonly string[]): Promise<void> {
  const source = join(folder, '..', `source-${path.replace(/\W/g, '-')}`);
  await mkdir(join(source, 'DEBIAN'), { recursive: true });
  const more = ['Maintainer: Test <test@localhost>', 'Description: for tests'];
  await writeFile(join(source, 'DEBIAN', 'control'), `${[...control, ...more].join('\n')}\n`);
  await mkdir(join(folder, path, '..'), { recursive: true });
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', source, join(folder, path)], {
    stdio: 'ignore',
  });
}

async function folderOfDebs(context: TestContext): Promise<string> {
  const folder = join(await tempFolder(context, 'debs'), 'tree');
  await mkdir(folder);
  await deb(folder, 'shop.deb', [
    'Package: shop',
    'Version: 1:2.0-1',
    'Architecture: amd64',
    'Installed-Size: 12',
  ]);
  await deb(folder, 'pool/libshop.deb', ['Package: libshop', 'Version: 2.0', 'Architecture: all']);
  return folder;
}

test('what .debs say of themselves, and which are only for who needs them', { skip }, async (context) => {
  const folder = await folderOfDebs(context);
  const carried = await debFiles(folder, ['shop'], () => false);
  assert.deepEqual(carried, [
    { file: 'pool/libshop.deb', package: 'libshop', version: '2.0', architecture: 'all', asNeeded: true },
    { file: 'shop.deb', package: 'shop', version: '1:2.0-1', architecture: 'amd64', installedKiB: 12 },
  ]);
  const all = await debFiles(folder, undefined, () => false);
  assert.deepEqual(
    all.map(({ asNeeded }) => asNeeded),
    [undefined, undefined],
  );
});

test('what is left out of the tree is left out of its packages', { skip }, async (context) => {
  const folder = await folderOfDebs(context);
  const carried = await debFiles(folder, undefined, (path) => path === 'pool');
  assert.deepEqual(
    carried.map(({ file }) => file),
    ['shop.deb'],
  );
});

test('a file that is no .deb, a name without one, and a folder without any are refused', {
  skip,
}, async (context) => {
  const folder = await folderOfDebs(context);
  await assert.rejects(
    debFiles(folder, ['other'], () => false),
    { code: 'E_INPUT', message: /other/ },
  );
  await writeFile(join(folder, 'broken.deb'), 'no archive');
  await assert.rejects(
    debFiles(folder, undefined, () => false),
    { code: 'E_INPUT', message: /broken\.deb/ },
  );
  const empty = await tempFolder(context, 'empty');
  await assert.rejects(
    debFiles(empty, undefined, () => false),
    { code: 'E_INPUT', message: /no \.deb/ },
  );
});
