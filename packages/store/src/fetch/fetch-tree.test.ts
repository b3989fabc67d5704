import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '@xylem/testkit';
import { httpSource } from '../source/http-source.ts';
import type { ObjectSource } from '../source/object-source.ts';
import { clientForTest, makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { type Contents, memoryFolder, noise, text } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';
import { fetchTree } from './fetch-tree.ts';

const first: Contents = {
  'bin/run*': '#!/bin/sh\necho hello\n',
  'data/noise': noise('fetch', 3_000_000),
  'data/text': text('fetch', 2_500_000),
  'data/empty': '',
  'data/same': text('fetch', 2_500_000),
  ...Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`small/${i}.js`, text(`small${i}`, 2000 + i)]),
  ),
  link: '-> bin/run',
  'nothing/here': null,
};
const second: Contents = { ...first, 'small/7.js': 'changed\n' };

test('a tree arrives over HTTP as it was published', async (t) => {
  const { base, repository, publish } = await makeFixture(t, memoryFolder);
  const published = await publish('first', first);
  const server = await serveForTest(t, repository);
  const source = httpSource(clientForTest(t), server.url);
  const into = join(base, 'installed');
  const fetched = await fetchTree({ source, domain: testDomain, tree: published.tree, into });
  assert.deepEqual(await readFolder(into), await readFolder(published.folder));
  assert.equal(fetched.files, 305);
  assert.equal(fetched.sizeBytes, published.sizeBytes);
  assert.equal(fetched.requests, server.requests.length);
});

test('however many trees are wanted at once, a bounded number is fetched at a time, and all arrive', async (t) => {
  const { base, repository, publish } = await makeFixture(t, memoryFolder);
  const { tree } = await publish('small', { 'only.txt': 'small\n' });
  const server = await serveForTest(t, repository);
  const real = httpSource(clientForTest(t), server.url);
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const source: ObjectSource = {
    name: real.name,
    get: async (path, options) => {
      asked += 1;
      await gate.promise;
      return await real.get(path, options);
    },
  };
  const fetched = Array.from({ length: 20 }, (_, i) =>
    fetchTree({ source, domain: testDomain, tree, into: join(base, `installed-${i}`) }),
  );
  await waitUntil(() => asked === 16);
  await delay(0);
  assert.equal(asked, 16);
  gate.resolve();
  for (const { files } of await Promise.all(fetched)) assert.equal(files, 1);
});

test('an update with the old tree as seed takes two requests and little more than what is new', async (t) => {
  const { base, repository, publish } = await makeFixture(t, memoryFolder);
  const old = await publish('first', first);
  const update = await publish('second', second);
  const server = await serveForTest(t, repository);
  const source = httpSource(clientForTest(t), server.url);
  await fetchTree({ source, domain: testDomain, tree: old.tree, into: join(base, 'old') });
  server.requests.length = 0;
  const into = join(base, 'new');
  const fetched = await fetchTree({
    source,
    domain: testDomain,
    tree: update.tree,
    into,
    seeds: [{ folder: join(base, 'old') }],
    share: 'link',
  });
  assert.deepEqual(await readFolder(into), await readFolder(update.folder));
  assert.equal(server.requests.length, 2, server.requests.join('\n'));
  assert.equal(fetched.linkedFiles, 303);
  assert.ok(
    fetched.fetchedBytes <= update.packedBytes + 2000,
    `${fetched.fetchedBytes} of ${update.packedBytes}`,
  );
});
