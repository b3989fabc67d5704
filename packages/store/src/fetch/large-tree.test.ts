import assert from 'node:assert/strict';
import { copyFile, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { httpSource } from '../source/http-source.ts';
import { clientForTest, makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { type Contents, memoryFolder } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';
import { fetchTree } from './fetch-tree.ts';

const many: Contents = Object.fromEntries(
  Array.from({ length: 1500 }, (_, i) => [
    `folder-${i % 50}/a-file-with-a-longer-name-so-that-the-text-has-several-chunks-${i}.txt`,
    `content of file ${i % 1300}\n`,
  ]),
);

test('a tree whose text has several chunks: first install, resume of the text, and an update in two requests', async (t) => {
  const { base, repository, publish } = await makeFixture(t, memoryFolder);
  const old = await publish('old', many);
  assert.ok(old.treeChunks.length > 2);
  const server = await serveForTest(t, repository);
  const source = httpSource(clientForTest(t), server.url);
  const into = join(base, 'one');
  await fetchTree({ source, domain: testDomain, tree: old.tree, into });
  assert.deepEqual(await readFolder(into), await readFolder(old.folder));

  // As if killed while the text was on its way: what was there of it is not fetched again.
  await copyFile(`${into}.tree`, join(base, 'half.part.tree'));
  const { length } = await readFile(`${into}.tree`);
  await truncate(join(base, 'half.part.tree'), Math.floor(length * 0.7));
  const half = await fetchTree({ source, domain: testDomain, tree: old.tree, into: join(base, 'half') });
  assert.deepEqual(await readFolder(join(base, 'half')), await readFolder(old.folder));
  assert.equal(half.sizeBytes, old.sizeBytes);

  const update = await publish('new', {
    ...many,
    'folder-7/a-file-with-a-longer-name-so-that-the-text-has-several-chunks-57.txt': 'changed\n',
  });
  server.requests.length = 0;
  const seeds = [{ folder: into }];
  const options = { source, domain: testDomain, tree: update.tree, into: join(base, 'two'), seeds };
  const fetched = await fetchTree({ ...options, share: 'link' });
  assert.deepEqual(await readFolder(join(base, 'two')), await readFolder(update.folder));
  assert.equal(server.requests.length, 2, server.requests.join('\n'));
  assert.equal(fetched.linkedFiles, 1499);
  assert.ok(fetched.fetchedBytes < 0.5 * old.packedBytes, `${fetched.fetchedBytes} of ${old.packedBytes}`);
});
