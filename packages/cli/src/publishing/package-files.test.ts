import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { installDebian, tempFolder } from '@xylem/testkit';
import { packageFiles } from './package-files.ts';

async function deb(folder: string, path: string, control: readonly string[]): Promise<void> {
  const source = join(folder, '..', `source-${path.replace(/\W/g, '-')}`);
  await mkdir(join(source, 'DEBIAN'), { recursive: true });
  const more = ['Maintainer: Test <test@localhost>', 'Description: for tests'];
  await writeFile(join(source, 'DEBIAN', 'control'), `${[...control, ...more].join('\n')}\n`);
  await mkdir(dirname(join(folder, path)), { recursive: true });
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', source, join(folder, path)], {
    stdio: 'ignore',
  });
}

async function rpm(folder: string, path: string, tags: readonly string[], flag = '-bb'): Promise<void> {
  const top = join(folder, '..', `source-${path.replace(/\W/g, '-')}`);
  await mkdir(top);
  const more = ['Release: 1.el9', 'Summary: for tests', 'License: none', 'AutoReqProv: no'];
  const spec = [...tags, ...more, '%description', 'For tests.', '%files', ''].join('\n');
  await writeFile(join(top, 'spec'), spec);
  const defines = ['_topdir', '_dbpath'].flatMap((macro) => ['--define', `${macro} ${join(top, macro)}`]);
  execFileSync('rpmbuild', [flag, '--quiet', ...defines, '--target', 'x86_64', join(top, 'spec')], {
    stdio: 'ignore',
  });
  const made = join(top, '_topdir', flag === '-bs' ? 'SRPMS' : 'RPMS');
  const found = (await readdir(made, { recursive: true })).find((name) => name.endsWith('.rpm')) ?? '';
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await rename(join(made, found), join(folder, path));
}

async function emptyFolder(context: TestContext): Promise<string> {
  const folder = join(await tempFolder(context, 'packages'), 'tree');
  await mkdir(folder);
  return folder;
}

const kinds = {
  deb: {
    fill: async (folder: string) => {
      const shop = ['Package: shop', 'Version: 1:2.0-1', 'Architecture: amd64', 'Installed-Size: 12'];
      await deb(folder, 'shop.deb', shop);
      await deb(folder, 'pool/libshop.deb', ['Package: libshop', 'Version: 2.0', 'Architecture: all']);
    },
    carried: [
      { file: 'pool/libshop.deb', package: 'libshop', version: '2.0', architecture: 'all' },
      { file: 'shop.deb', package: 'shop', version: '1:2.0-1', architecture: 'amd64', installedKiB: 12 },
    ],
    skip: await installDebian('dpkg'),
  },
  rpm: {
    fill: async (folder: string) => {
      await rpm(folder, 'shop.rpm', ['Name: shop', 'Epoch: 1', 'Version: 2.0']);
      await rpm(folder, 'pool/libshop.rpm', ['Name: libshop', 'Version: 2.0', 'BuildArch: noarch']);
    },
    carried: [
      {
        file: 'pool/libshop.rpm',
        package: 'libshop',
        version: '2.0-1.el9',
        architecture: 'noarch',
        installedKiB: 0,
      },
      { file: 'shop.rpm', package: 'shop', version: '1:2.0-1.el9', architecture: 'x86_64', installedKiB: 0 },
    ],
    skip: await installDebian('rpm'),
  },
} as const;

for (const [name, { fill, carried, skip }] of Object.entries(kinds)) {
  const kind = name as keyof typeof kinds;
  suite(`packages of a folder: ${kind}`, skip ?? {}, () => {
    test('what they say of themselves, and which are only for who needs them', async (context) => {
      const folder = await emptyFolder(context);
      await fill(folder);
      const [lib, shop] = carried;
      assert.deepEqual(await packageFiles(kind, folder, ['shop'], () => false), [
        { ...lib, asNeeded: true },
        shop,
      ]);
      assert.deepEqual(await packageFiles(kind, folder, undefined, () => false), carried);
      const left = await packageFiles(kind, folder, undefined, (path) => path === 'pool');
      assert.deepEqual(left, [shop]);
      await assert.rejects(
        packageFiles(kind, folder, ['other'], () => false),
        { code: 'E_INPUT', message: /other/ },
      );
    });

    test('a file that is none, and a folder without any are refused', async (context) => {
      const folder = await emptyFolder(context);
      const read = () => packageFiles(kind, folder, undefined, () => false);
      await assert.rejects(read(), { code: 'E_INPUT', message: new RegExp(`no \\.${kind}`) });
      await writeFile(join(folder, `broken.${kind}`), 'no archive');
      await assert.rejects(read(), { code: 'E_INPUT', message: new RegExp(`broken\\.${kind}`) });
    });
  });
}

test('sources and kernels are no components of kind rpm', kinds.rpm.skip ?? {}, async (context) => {
  const folder = await emptyFolder(context);
  const read = () => packageFiles('rpm', folder, undefined, () => false);
  await rpm(folder, 'source.rpm', ['Name: shop', 'Version: 2.0'], '-bs');
  await assert.rejects(read(), { code: 'E_INPUT', message: /sources/ });
  await rpm(folder, 'a.rpm', ['Name: linux', 'Version: 6', 'Provides: installonlypkg(kernel)']);
  await assert.rejects(read(), { code: 'E_INPUT', message: /a\.rpm is a kernel/ });
});
