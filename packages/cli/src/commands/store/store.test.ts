import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { rootHere } from '../../testing/root-here.ts';

test('store show says what is there, and store quota bounds it', async (t) => {
  const { xylem } = await rootHere(t);
  assert.match((await xylem(['store', 'show'])).stdout, /No product yet/);
  const folder = await tempFolder(t, 'package');
  await mkdir(join(folder, 'tree'));
  await writeFile(join(folder, 'tree', 'a.txt'), 'a');
  const manifest = (version: string) =>
    writeFile(
      join(folder, 'xylem.yaml'),
      `product: shop\ncomponent: web\nversion: ${version}\nfolder: tree\n`,
    );
  await manifest('1.0.0');
  assert.equal((await xylem(['package', 'publish', folder])).code, 0);
  assert.match((await xylem(['store', 'show'])).stdout, /^shop +1 +1 byte .* -$/m);
  const shown = await xylem(['store', 'show', 'shop']);
  assert.match(shown.stdout, /^web@1\.0\.0 +1 byte +\d+ bytes$/m, shown.stderr);
  const set = await xylem(['store', 'quota', 'shop', '100B']);
  assert.match(set.stdout, /^shop may have 100 bytes at the root server\.$/m, set.stderr);
  await manifest('2.0.0');
  await writeFile(join(folder, 'tree', 'a.txt'), 'b'.repeat(100));
  const refused = await xylem(['package', 'publish', folder]);
  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /E_PRODUCT_QUOTA/);
  assert.match((await xylem(['store', 'quota', 'shop', 'none'])).stdout, /as much as there is room for/);
  assert.equal((await xylem(['package', 'publish', folder])).code, 0);
  assert.equal((await xylem(['store', 'quota', 'shop', '5'])).code, 2);
});

test('store gc says what would go, and what is gone', async (t) => {
  const { xylem } = await rootHere(t);
  const folder = await tempFolder(t, 'package');
  await mkdir(join(folder, 'tree'));
  await writeFile(join(folder, 'tree', 'a.txt'), 'a');
  await writeFile(
    join(folder, 'xylem.yaml'),
    'product: shop\ncomponent: web\nversion: 1.0.0\nfolder: tree\n',
  );
  assert.equal((await xylem(['package', 'publish', folder])).code, 0);
  const dry = await xylem(['store', 'gc', '--dry-run', '--keep', '1']);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /^0 packages, 0 trees, 0 packs, 0 bytes would go\. Nothing was changed\.$/m);
  assert.match((await xylem(['store', 'gc'])).stdout, /^0 packages, .* removed\.$/m);
  const { code, stderr } = await xylem(['store', 'gc', '--keep', '0']);
  assert.equal(code, 2);
  assert.match(stderr, /--keep/);
});
