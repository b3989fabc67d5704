import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Digest, type TreeEntry, treeLine } from '@xylem/core';
import fc from 'fast-check';
import { type Fixture, makeFixture } from '../testing/fixture.ts';
import { type Contents, memoryFolder, noise, text } from '../testing/folder.ts';
import { applyPatch, type PatchTarget } from './apply.ts';
import { OldTree } from './old-tree.ts';
import { from, type Published, patchBetween } from './testing.ts';

async function applied(patch: Uint8Array, old: Published, to: Digest, folder: string) {
  const written = new Map<string, Buffer[]>();
  const target: PatchTarget = {
    prepare: async (entries) => assert.ok(entries.length >= 0),
    write: async ({ path }, offset, bytes) => {
      const pieces = written.get(path) ?? [];
      assert.equal(
        offset,
        pieces.reduce((sum, { length }) => sum + length, 0),
      );
      written.set(path, [...pieces, Buffer.from(bytes)]);
    },
  };
  const tree = new OldTree(old.folder, old.entries);
  try {
    const { text: made, entries } = await applyPatch(from(patch), { from: old.tree, to }, tree, target);
    for (const [path, pieces] of written) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), Buffer.concat(pieces));
    }
    return { made, entries, written };
  } finally {
    await tree.close();
  }
}

const lines = (entries: readonly TreeEntry[]): string[] => entries.map(treeLine);

async function goes(fixture: Fixture, name: string, before: Contents, after: Contents) {
  const old = await fixture.publish(`${name}-old`, before);
  const next = await fixture.publish(`${name}-new`, after);
  const patch = await patchBetween(old, next);
  const { entries, written } = await applied(patch, old, next.tree, join(fixture.base, `${name}-made`));
  assert.deepEqual(lines(entries), lines(next.entries));
  return { old, next, patch, written };
}

const fixture = (t: TestContext): Promise<Fixture> => makeFixture(t, memoryFolder);

test('a patch makes what changed, moved, came and went, and brings little more than that', async (t) => {
  const library = noise('library', 3_000_000);
  const relinked = Buffer.from(library);
  for (let at = 500; at < relinked.length; at += 4_000) relinked[at] = (relinked[at] ?? 0) + 4;
  const script = text('script', 200_000);
  const { patch, written } = await goes(
    await fixture(t),
    'all',
    {
      'bin/tool*': library,
      'lib/a.js': script,
      'lib/gone.js': text('gone', 5_000),
      'lib/mode.sh': 'echo\n',
      'lib/same.js': text('same', 90_000),
      logs: null,
      'static/chunk-1f2e3d4c5b.js': text('chunk', 30_000),
      to: '-> lib/a.js',
      'v/1.2.3/moved.bin': noise('moved', 400_000),
    },
    {
      'bin/tool*': relinked,
      'lib/a.js': Buffer.concat([
        script.subarray(0, 100_000),
        Buffer.from('new\n'),
        script.subarray(100_000),
      ]),
      'lib/empty': '',
      'lib/mode.sh*': 'echo\n',
      'lib/same.js': text('same', 90_000),
      runs: null,
      'static/chunk-9a8b7c6d5e.js': Buffer.concat([text('chunk', 30_000), Buffer.from('// more')]),
      to: '-> lib/same.js',
      'v/1.2.4/moved.bin': noise('moved', 400_000),
    },
  );
  assert.deepEqual([...written.keys()].sort(), [
    'bin/tool',
    'lib/a.js',
    'lib/empty',
    'static/chunk-9a8b7c6d5e.js',
  ]);
  assert.ok(patch.length < 8_000, `${patch.length} bytes`);
});

test('from anything to anything', { timeout: 120_000 }, async (t) => {
  const own = await fixture(t);
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .record({ seed: fc.constantFrom('a', 'b'), length: fc.nat(200_000) })
      .map(({ seed, length }) => text(seed, length)),
    fc
      .record({ seed: fc.constantFrom('c', 'd'), length: fc.nat(100_000) })
      .map(({ seed, length }) => noise(seed, length)),
  );
  const path = fc.constantFrom(
    'a',
    'b1*',
    'b2',
    'c/a',
    'c/b9',
    'd/e/f*',
    'd/e/g',
    'version-12/x',
    'version-13/x',
  );
  const tree = fc.dictionary(path, content, { noNullPrototype: true, minKeys: 1 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(tree, tree, async (before, after) => {
      run += 1;
      await goes(own, `run-${run}`, before, after);
    }),
    { numRuns: 12 },
  );
});

test('a patch for other trees, or one that is damaged anywhere, is refused, and ends', async (t) => {
  const own = await fixture(t);
  const library = noise('library', 200_000);
  const relinked = Buffer.from(library);
  for (let at = 500; at < relinked.length; at += 1_000) relinked[at] = (relinked[at] ?? 0) + 4;
  const before = { 'a.js': text('a', 9_000), 'bin*': library, 'new.bin': 'x' };
  const after = { 'a.js': text('b', 9_000), 'bin*': relinked, 'new.bin': noise('new', 70_000) };
  const { old, next, patch } = await goes(own, 'first', before, after);
  const folder = join(own.base, 'refused');
  const refused = async (what: Uint8Array, to = next.tree, tree = old): Promise<void> =>
    assert.rejects(applied(what, tree, to, folder), (error: { code?: string }) =>
      ['E_PATCH_INVALID', 'E_FORMAT_UNSUPPORTED', 'E_TOO_LARGE'].includes(error.code ?? ''),
    );
  await refused(patch, old.tree);
  await refused(patch, next.tree, next);
  await refused(Buffer.concat([patch, Buffer.of(0)]));
  const step = Math.max(1, Math.floor(patch.length / 300));
  for (let at = 0; at < patch.length; at += at < 600 ? 1 : step) {
    const flipped = Buffer.from(patch);
    flipped[at] = (flipped[at] ?? 0) ^ 0x41;
    await refused(flipped);
    await refused(patch.subarray(0, at));
  }
});

test('what the old tree lacks meanwhile is noticed', async (t) => {
  const own = await fixture(t);
  const library = noise('library', 200_000);
  const { old, next, patch } = await goes(
    own,
    'one',
    { 'bin*': library },
    { 'bin*': Buffer.concat([library, Buffer.from('more')]) },
  );
  await writeFile(join(old.folder, 'bin'), library.subarray(0, 100_000));
  await assert.rejects(applied(patch, old, next.tree, join(own.base, 'short')), { code: 'E_PATCH_INVALID' });
});
