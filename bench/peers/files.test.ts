import assert from 'node:assert/strict';
import { link, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeFileAtomic } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { bytesBelow, largestChanged, settleTimes } from './files.ts';

/** Two trees: `same` alike, `large` and `small` changed, `added` only in the new one. */
async function trees(t: TestContext): Promise<{ readonly old: string; readonly next: string }> {
  const folder = await tempFolder(t);
  const contents = {
    old: { 'sub/same': 'same', large: 'old, large', small: 'old' },
    next: { 'sub/same': 'same', large: 'new, large', small: 'new', added: 'the largest of all' },
  };
  for (const [side, files] of Object.entries(contents)) {
    await mkdir(join(folder, side, 'sub'), { recursive: true });
    for (const [path, text] of Object.entries(files)) await writeFileAtomic(join(folder, side, path), text);
  }
  return { old: join(folder, 'old'), next: join(folder, 'next') };
}

test('times tell what changed, and nothing else', async (t) => {
  const { old, next } = await trees(t);
  await settleTimes(old, next);
  const timeOf = async (path: string): Promise<number> => (await lstat(path)).mtimeMs;
  for (const path of ['sub/same', 'sub', '.'])
    assert.equal(await timeOf(join(next, path)), await timeOf(join(old, path)), path);
  for (const path of ['large', 'small'])
    assert.notEqual(await timeOf(join(next, path)), await timeOf(join(old, path)), path);
});

test('the largest changed file is one that both versions have', async (t) => {
  const { old, next } = await trees(t);
  assert.equal(await largestChanged(old, next), 'large');
  assert.equal(await largestChanged(old, old), null);
});

test('bytes are those of all files, one with two names once', async (t) => {
  const { old } = await trees(t);
  await link(join(old, 'large'), join(old, 'sub', 'again'));
  assert.equal(await bytesBelow(old), 'same'.length + 'old, large'.length + 'old'.length);
});
