import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHome } from '../../home/home.ts';
import { saveKey } from '../../publishing/key-ring.ts';
import { rootHere } from '../../testing/root-here.ts';

test('a ceremony is held against the pin of the context that is named, else of the current one', async (t) => {
  const root = await rootHere(t);
  const file = join(root.home, 'root.ceremony');
  const begun = await root.xylem(['ceremony', 'begin', 'root', '--out', file, '--yes']);
  assert.equal(begun.code, 0, begun.stderr);
  assert.match((await root.xylem(['ceremony', 'show', file])).stdout, /which is pinned here/);
  const { url, token } = root;
  const other = { url, token, repository: 'f'.repeat(32) };
  await createHome({ XYLEM_HOME: root.home }).remember('other', other);
  assert.match((await root.xylem(['ceremony', 'show', file])).stderr, /E_TRUST/);
  const shown = await root.xylem(['ceremony', 'show', file, '--context', 'root']);
  assert.match(shown.stdout, /which is pinned here/, shown.stderr);
  for (const unknown of ['rooot', 'constructor']) {
    const said = await root.xylem(['ceremony', 'show', file, '--context', unknown]);
    assert.match(said.stderr, /E_NOT_LOGGED_IN.*known are: root, other/, unknown);
  }
});

test('a file that may hold what others signed is not replaced', async (t) => {
  const root = await rootHere(t);
  const file = join(root.home, 'root.ceremony');
  const begin = ['ceremony', 'begin', 'root', '--out', file, '--yes'];
  assert.equal((await root.xylem(begin)).code, 0);
  await saveKey(join(root.home, 'keys'), 'root', root.rootKey, undefined);
  assert.equal((await root.xylem(['ceremony', 'sign', file, '--yes'])).code, 0, 'but it may sign itself');
  const signed = await readFile(file);
  const elsewhere = join(root.home, 'elsewhere');
  const rotate = (...words: string[]) => ['keys', 'rotate', ...words, '--out', file, '--yes'];
  assert.equal((await root.xylem(['ceremony', 'sign', file, '--out', elsewhere, '--yes'])).code, 0);
  const keys = await readdir(join(root.home, 'keys'));
  for (const words of [
    begin,
    ['ceremony', 'sign', elsewhere, '--out', file, '--yes'],
    rotate('root'),
    rotate('timestamp'),
  ]) {
    const said = await root.xylem(words);
    assert.equal(said.code, 5, words.join(' '));
    assert.match(said.stderr, /E_CONFLICT: .*root\.ceremony is there already.*Name another file/);
    assert.deepEqual(await readFile(file), signed);
    assert.deepEqual(await readdir(join(root.home, 'keys')), keys, 'and no key is made for it');
  }
});
