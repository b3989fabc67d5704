import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { rootHere } from '../../testing/root-here.ts';

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
