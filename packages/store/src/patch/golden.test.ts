import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Digest, sha256 } from '@xylem/core';
import { makeFixture } from '../testing/fixture.ts';
import { type Contents, noise, text } from '../testing/folder.ts';
import { applyPatch } from './apply.ts';
import { makePatch } from './make.ts';
import { OldTree } from './old-tree.ts';

/** Written in 2026, and kept for ever: every later version must apply it (XYLEM_WRITE_FIXTURES=1 writes it anew). */
const fixture = join(import.meta.dirname, '../../fixtures/v1/patch');

const before: Contents = {
  'bin/tool*': noise('tool', 100_000),
  'lib/1.2.3/large.js': text('large', 300_000),
  'lib/1.2.3/small.js': text('small', 3_000),
  'lib/kept.js': text('kept', 2_000),
  link: '-> lib/kept.js',
  old: null,
};
const large = text('large', 300_000);
const after: Contents = {
  'bin/tool*': noise('other tool', 90_000),
  'copy.js': text('kept', 2_000),
  empty: '',
  'lib/1.3.0/large.js': Buffer.concat([
    large.subarray(0, 200_000),
    text('more', 900),
    large.subarray(200_000),
  ]),
  'lib/1.3.0/small.js': Buffer.concat([text('small', 3_000), Buffer.from('// one more line\n')]),
  'lib/kept.js': text('kept', 2_000),
  link: '-> copy.js',
  'new': null,
};

test('the golden patch is applied, to the last byte', async (t) => {
  const { publish } = await makeFixture(t);
  const old = await publish('before', before);
  const next = await publish('after', after);
  const oldTree = new OldTree(old.folder, old.entries);
  t.after(() => oldTree.close());
  if (process.env.XYLEM_WRITE_FIXTURES !== undefined) {
    const nextTree = new OldTree(next.folder, next.entries);
    await writeFile(
      `${fixture}.bin`,
      await makePatch({ old: oldTree, next: nextTree, from: old.tree, to: next.tree }),
    );
    await nextTree.close();
    await writeFile(`${fixture}.json`, `${JSON.stringify({ from: old.tree, to: next.tree }, null, 2)}\n`);
  }
  const patch = await readFile(`${fixture}.bin`);
  const ends = JSON.parse(await readFile(`${fixture}.json`, 'utf8')) as { from: Digest; to: Digest };
  assert.deepEqual(ends, { from: old.tree, to: next.tree });
  let at = 0;
  const read = async (bytes: number): Promise<Uint8Array> => {
    const piece = patch.subarray(at, at + bytes);
    at += piece.length;
    return piece;
  };
  const made = new Map<string, Buffer>();
  const target = {
    prepare: async () => undefined,
    write: async ({ path }: { path: string }, _offset: number, bytes: Uint8Array) =>
      void made.set(path, Buffer.concat([made.get(path) ?? Buffer.alloc(0), bytes])),
  };
  const applied = await applyPatch(read, ends, oldTree, target);
  assert.equal(sha256(applied.text), next.tree);
  for (const [path, bytes] of made)
    assert.equal(sha256(bytes), sha256(await readFile(join(next.folder, path))), path);
  assert.deepEqual([...made.keys()].sort(), [
    'bin/tool',
    'empty',
    'lib/1.3.0/large.js',
    'lib/1.3.0/small.js',
  ]);
});
