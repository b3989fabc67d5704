import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { TreeFile } from '@xylem/core';
import { Staging } from '../fetch/staging.ts';
import { makeFixture } from '../testing/fixture.ts';
import { memoryFolder, text } from '../testing/folder.ts';
import { applyPatch, type PatchTarget } from './apply.ts';
import { OldTree } from './old-tree.ts';
import { from, patchBetween } from './testing.ts';

const mostAtOnce = 32;
const count = 100;

/** A patch with one solid block of many files, and what applies it to a target. */
async function manyFiles(t: TestContext) {
  const own = await makeFixture(t, memoryFolder);
  const files = (seed: string): Record<string, Uint8Array> =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`f/${n}`, text(`${seed}${n}`, 500)]));
  const old = await own.publish('old', files('old'));
  const next = await own.publish('next', files('next'));
  const patch = await patchBetween(old, next);
  const tree = new OldTree(old.folder, old.entries);
  t.after(() => tree.close());
  const apply = (target: PatchTarget): Promise<unknown> =>
    applyPatch(from(patch), { from: old.tree, to: next.tree }, tree, target);
  return { own, old, next, apply };
}

test('the files of a block are written many at once, and no more than that', async (t) => {
  const { apply } = await manyFiles(t);
  let [now, most] = [0, 0];
  await apply({
    prepare: async () => undefined,
    write: async () => {
      now += 1;
      most = Math.max(most, now);
      await turn();
      now -= 1;
    },
  });
  assert.equal(most, mostAtOnce);
});

test('an old tree is read by many at once', async (t) => {
  const { old } = await manyFiles(t);
  const tree = new OldTree(old.folder, old.entries);
  t.after(() => tree.close());
  const names = Array.from({ length: count }, (_, n) => `f/${n}`);
  const read = await Promise.all(names.map((name) => tree.read(name, 0, 1_000)));
  for (const [n, name] of names.entries()) assert.deepEqual(read[n], await readFile(join(old.folder, name)));
});

test('where one file can not be written, those under way end before the fault is told, and no other begins', async (t) => {
  const { own, next, apply } = await manyFiles(t);
  const staging = new Staging(join(own.base, 'staged'), process.umask());
  await mkdir(staging.folder);
  let [begun, ended] = [0, 0];
  // Linux says what is open.
  const handles = async (): Promise<readonly string[]> => {
    const fds = await readdir('/proc/self/fd').catch(() => []);
    const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    return paths.filter((path) => path.startsWith(staging.folder));
  };
  await assert.rejects(
    apply({
      prepare: async (entries) => {
        await staging.prepare(entries);
        // In the place of a file that has to be new.
        await writeFile(join(staging.folder, 'f/20'), '');
      },
      write: async (file: TreeFile, offset, bytes) => {
        begun += 1;
        await staging.write(file, [{ offset, bytes }]).finally(() => {
          ended += 1;
        });
      },
    }),
    { code: 'E_STORAGE' },
  );
  assert.equal(ended, begun);
  assert.deepEqual(await handles(), []);
  const written = await readdir(join(staging.folder, 'f'));
  assert.ok(written.length < count, `${written.length}`);
  for (const name of written.filter((one) => one !== '20'))
    assert.deepEqual(
      await readFile(join(staging.folder, 'f', name)),
      await readFile(join(next.folder, 'f', name)),
    );
});
