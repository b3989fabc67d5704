import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { saveKey } from '../../publishing/key-ring.ts';
import { rootHere } from '../../testing/root-here.ts';

test('the root server makes no key for a change that nobody here can sign', {
  timeout: 60_000,
}, async (t) => {
  delete process.env.XYLEM_PASSPHRASE;
  const root = await rootHere(t);
  const keys = async (): Promise<string[]> =>
    (await readdir(join(root.folder, 'keys'), { recursive: true })).toSorted();
  const before = await keys();
  const refused = async (code: string, ...words: string[]): Promise<void> => {
    const said = await root.xylem(['keys', 'rotate', ...words]);
    assert.match(said.stderr, new RegExp(`error ${code}`), words.join(' '));
    assert.deepEqual(await keys(), before, `${code} ${words.join(' ')}`);
  };
  await refused('E_THRESHOLD', 'snapshot', '--yes');
  await saveKey(join(root.home, 'keys'), 'root', root.rootKey, 'correct horse');
  await refused('E_KEY_INVALID', 'timestamp', '--yes');
  await refused('E_KEY_INVALID', 'timestamp', '--yes', '--out', join(root.home, 'file'));
  await refused('E_CONFIRMATION', 'snapshot');
  // Of an environment too.
  assert.equal((await root.xylem(['env', 'create', 'place'])).code, 0);
  before.splice(0, before.length, ...(await keys()));
  await refused('E_CONFIRMATION', 'director', '--env', 'place');
  assert.match((await root.xylem(['audit', 'list', '--what', 'keys'])).stdout, /No such entry/);
});
