import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseParents } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import { clientOf, startRelay, world } from './testing/world.ts';

test('a relay names to each child the siblings that serve its environment', async (t) => {
  const { installation, production, root } = await world(t);
  const staging = await installation.addEnvironment('acme/staging');
  const start = async (parent: string, serves: string[] | '*') =>
    await startRelay(t, await installation.join(production, { parents: [parent], serves: serves as '*' }), {
      timing: { holdMs: 100 },
    });
  const top = await start(root.url, '*');
  const narrow = await start(top.url, [production.id]);
  const { get } = clientOf(t, await installation.join(production, { parents: [], serves: '*' }));
  const below = async (query = '') => parseParents((await get(`${top.url}/parents${query}`)).body).relays;
  await waitUntil(async () => (await below())?.length === 1);
  const wide = await start(top.url, [production.id, staging.id]);
  const asked = async (url: string, of = production) => {
    const child = clientOf(t, await installation.join(of, { parents: [url] }));
    return parseParents((await child.get(`${url}/parents`)).body);
  };
  await waitUntil(async () => (await asked(wide.url)).siblings.includes(narrow.url));
  assert.deepEqual((await asked(wide.url)).siblings, [narrow.url]);
  assert.deepEqual(
    (await asked(wide.url, staging)).siblings,
    [],
    'what serves another environment is no way',
  );
  assert.equal((await asked(top.url)).relays, undefined, 'a plain host does not hear who is below');
  await below('?serves=not-an-address');
  const all = (await below())?.map(({ url }) => url);
  assert.deepEqual(new Set(all), new Set([narrow.url, wide.url]), 'what is no address is not passed on');
  const other = clientOf(t, await installation.join(staging, { parents: [], serves: [staging.id] }));
  const { relays } = parseParents((await other.get(`${top.url}/parents`)).body);
  assert.deepEqual(
    relays?.map(({ url, serves }) => [url, serves]),
    [[wide.url, [staging.id]]],
  );
});
