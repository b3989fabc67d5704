import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { noise, temporaryFolder } from '../testing/folder.ts';
import { type FileState, FileStates } from './file-states.ts';
import type { Servable } from './paths.ts';

const servable: Servable = { path: 'x', asked: { kind: 'metadata', repository: 'x' }, immutable: true };

const lookAt = (states: FileStates, path: string): Promise<FileState> =>
  new Promise((resolve, reject) => {
    states.look(path, servable, (error, state) => (state === null ? reject(error) : resolve(state)));
  });

test('what is kept in memory is bounded, and what was asked for last is kept', async (t) => {
  const folder = join(await temporaryFolder(t), 'small');
  await mkdir(folder);
  const states = new FileStates();
  const bytes = noise('small', 64 * 1024);
  const paths = Array.from({ length: 140 }, (_, i) => join(folder, `${i}`));
  const [first = '', second = '', third = ''] = paths;
  const load = async (path: string): Promise<void> => {
    const state = await lookAt(states, path);
    if (state.bytes === null)
      assert.deepEqual(await state.load((loaded) => states.keep(state, loaded)), bytes);
  };
  await Promise.all(paths.map((path) => writeFile(path, bytes)));
  for (const path of paths.slice(0, 120)) await load(path);
  await load(first);
  for (const path of paths.slice(120)) await load(path);
  const isKept = async (path: string): Promise<boolean> => (await lookAt(states, path)).bytes !== null;
  assert.deepEqual(
    [await isKept(first), await isKept(second), await isKept(third), await isKept(paths.at(-1) ?? '')],
    [true, false, false, true],
  );
});

test('those who ask together share one look, and one reading', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  await writeFile(path, 'once');
  const states = new FileStates();
  const all = await Promise.all(Array.from({ length: 10 }, () => lookAt(states, path)));
  assert.equal(new Set(all).size, 1);
  const loaded = await Promise.all(all.map((state) => state.load(() => undefined)));
  assert.equal(new Set(loaded).size, 1);
  await writeFile(path, 'another');
  assert.equal(await all[0]?.open(), null);
  assert.notEqual(await lookAt(states, path), all[0]);
});
