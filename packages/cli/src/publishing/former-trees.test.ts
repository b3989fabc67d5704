import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256, type TreeEntry } from '@xylem/core';
import { tempFolder } from '@xylem/testkit';
import { formerTree } from './former-trees.ts';

const bytes = Buffer.from('one');
const entries: TreeEntry[] = [
  {
    type: 'file',
    path: 'a',
    sizeBytes: 3,
    digest: sha256(bytes),
    executable: false,
    chunks: [[sha256(bytes), 3]],
  },
];

test('a tree is known the next time, each thing by its own; what is damaged or absent is not', async (t) => {
  const home = await tempFolder(t);
  const one = formerTree(home, ['http://root:1', 'shop', 'api', '']);
  assert.equal(await one.read(), null);
  await one.write(entries);
  assert.deepEqual(await one.read(), entries);
  assert.equal(await formerTree(home, ['http://root:1', 'shop', 'api', 'arm64']).read(), null);
  const [name = ''] = await readdir(join(home, 'published'));
  const path = join(home, 'published', name);
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
    await writeFile(path, damaged);
    const read = await one.read();
    assert.ok(read === null || JSON.stringify(read) === JSON.stringify(entries), `${at}`);
  }
});

test('the newest 64 are kept, and a folder that can not be written keeps nothing from going on', async (t) => {
  const home = await tempFolder(t);
  for (let i = 0; i < 70; i += 1) await formerTree(home, [`${i}`]).write(entries);
  assert.equal((await readdir(join(home, 'published'))).length, 64);
  const inTheWay = join(home, 'file');
  await writeFile(inTheWay, '');
  const nowhere = formerTree(inTheWay, ['x']);
  await nowhere.write(entries);
  assert.equal(await nowhere.read(), null);
});
