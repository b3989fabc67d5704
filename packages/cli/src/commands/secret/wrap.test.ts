import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootHere } from '../../testing/root-here.ts';

test('a watch over what is not there ends, and says why', { timeout: 60_000 }, async (t) => {
  const root = await rootHere(t);
  const said = await root.xylem(['secret', 'wrap', 'acme/nowhere', '--watch', '--yes']);
  assert.equal(said.code, 4, said.stderr);
  assert.match(said.stderr, /E_NOT_FOUND/);
});
