import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHome } from '../../home/home.ts';
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
