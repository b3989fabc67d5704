import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { differences, listing } from './folder-listing.ts';

describe('the listing of folders', () => {
  let folder: string;
  let published: string;
  let installed: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xylem-verify-'));
    published = join(folder, 'published');
    installed = join(folder, 'current');
    mkdirSync(join(published, 'sub', 'empty'), { recursive: true });
    writeFileSync(join(published, 'a'), 'one');
    writeFileSync(join(published, 'sub', 'run'), 'two', { mode: 0o755 });
    symlinkSync('../a', join(published, 'sub', 'link'));
    const tree = join(folder, 'tree');
    cpSync(published, tree, { recursive: true, verbatimSymlinks: true });
    symlinkSync(tree, installed);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const found = async (): Promise<string[]> =>
    differences(await listing(published), await listing(installed));

  it('finds nothing where nothing differs, behind the link to the current tree', async () => {
    assert.deepEqual(await found(), []);
    assert.equal((await listing(published)).size, 4);
  });

  const changes: readonly (readonly [string, () => void, RegExp])[] = [
    [
      'another byte',
      () => writeFileSync(join(installed, 'a'), 'onE'),
      /^a: [0-9a-f]{64} instead of [0-9a-f]{64}$/,
    ],
    ['a lost file', () => unlinkSync(join(installed, 'a')), /^a: is missing$/],
    [
      'a file too many',
      () => writeFileSync(join(installed, 'sub', 'more'), ''),
      /^sub\/more: was not published$/,
    ],
    [
      'a lost right to execute',
      () => chmodSync(join(installed, 'sub', 'run'), 0o644),
      /^sub\/run: .* executable$/,
    ],
    [
      'a lost empty folder',
      () => rmSync(join(installed, 'sub', 'empty'), { recursive: true }),
      /^sub\/empty: is missing$/,
    ],
    [
      'a link that leads elsewhere',
      () => {
        unlinkSync(join(installed, 'sub', 'link'));
        symlinkSync('../b', join(installed, 'sub', 'link'));
      },
      /^sub\/link: link to \.\.\/b instead of link to \.\.\/a$/,
    ],
  ];
  for (const [what, change, line] of changes) {
    it(`finds ${what}`, async () => {
      change();
      const lines = await found();
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', line);
    });
  }
});
