import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DomainId, limits, parseTree, sha256 } from '@xylem/core';
import { publishOffer } from '../offer/make-offer.ts';
import { memoryChunkIndex } from '../offer/memory-index.ts';
import { numberChunks } from '../offer/numbering.ts';
import { readOffer } from '../offer/read-offer.ts';
import { readPlaces } from '../offer/read-places.ts';
import { verifyPack } from '../pack/pack-reader.ts';
import { openRepository } from '../repository/disk-repository.ts';
import { repositorySource } from '../source/repository-source.ts';
import { type Contents, noise, temporaryFolder, text, writeFolder } from '../testing/folder.ts';
import { publishTree } from './publish-tree.ts';
import { repositorySink } from './repository-sink.ts';

const domain = '0123456789abcdef0123456789abcdef' as DomainId;

async function setUp(t: TestContext, contents: Contents) {
  const base = await temporaryFolder(t);
  const folder = join(base, 'tree');
  await writeFolder(folder, contents);
  const repository = await openRepository(join(base, 'repository'));
  const index = memoryChunkIndex();
  const sink = repositorySink(repository, domain, index);
  return { base, folder, repository, index, sink };
}

const contents: Contents = {
  'bin/run*': '#!/bin/sh\necho hello\n',
  'data/noise': noise('publish', 3_000_000),
  'data/text': text('publish', 2_500_000),
  'data/empty': '',
  'data/same': text('publish', 2_500_000),
  link: '-> bin/run',
  'nothing/here': null,
};

test('what was published can be read back, chunk by chunk, from packs that are as the specification says', async (t) => {
  const { folder, repository, index, sink } = await setUp(t, contents);
  const published = await publishTree({ folder, sink });
  assert.equal(published.files, 5);
  assert.equal(published.sizeBytes, 8_000_021);
  for (const { digest, sizeBytes } of published.packs) {
    const pack = await verifyPack(repository.objectPath(domain, digest), digest);
    assert.equal(pack.sizeBytes, sizeBytes);
    for (const [, , rawLength] of pack.frames) assert.ok(rawLength <= limits.frameContent);
  }
  const counts = await publishOffer({
    repository,
    domain,
    tree: published.tree,
    treeChunks: published.treeChunks,
    index,
  });
  assert.deepEqual(counts, { files: 5, sizeBytes: 8_000_021 });
  const { offer } = await readOffer(domain, published.tree, { source: repositorySource(repository) });
  assert.deepEqual(offer.treeChunks, published.treeChunks);

  const read = async (chunks: readonly (readonly [string, number])[]): Promise<Buffer> => {
    const places = await index.locate(
      domain,
      chunks.map(([digest]) => digest as never),
    );
    const inOrder = chunks.map(([digest]) => places.get(digest as never)!);
    const pieces: Uint8Array[] = [];
    for await (const piece of readPlaces(repository, domain, inOrder)) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  };
  const treeText = await read(published.treeChunks);
  assert.equal(sha256(treeText), published.tree);
  const entries = parseTree(treeText);
  assert.deepEqual(
    entries.map(({ type, path }) => `${type} ${path}`),
    [
      'file bin/run',
      'file data/empty',
      'file data/noise',
      'file data/same',
      'file data/text',
      'link link',
      'folder nothing/here',
    ],
  );
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    const bytes = await read(entry.chunks);
    assert.equal(sha256(bytes), entry.digest);
    assert.deepEqual(bytes, await readFile(join(folder, entry.path)));
    assert.equal(entry.executable, entry.path === 'bin/run');
  }
  assert.equal(numberChunks(offer.treeChunks, entries).length, published.chunks);
});

test('publishing again gives the same tree and sends nothing', async (t) => {
  const { folder, sink } = await setUp(t, contents);
  const first = await publishTree({ folder, sink });
  const entries = parseTree(Buffer.from('{"format":"xylem-tree-1"}\n'));
  assert.equal(entries.length, 0);
  const second = await publishTree({ folder, sink });
  assert.equal(second.tree, first.tree);
  assert.deepEqual(second.packs, []);
  assert.equal(second.newChunks, 0);
});

test('a small change sends little', async (t) => {
  const { folder, sink } = await setUp(t, contents);
  await publishTree({ folder, sink });
  const changed = Buffer.from(contents['data/noise'] as Uint8Array);
  changed[1_500_000] = (changed[1_500_000] ?? 0) ^ 1;
  await writeFolder(folder, { 'data/noise': changed });
  const second = await publishTree({ folder, sink });
  assert.ok(second.newBytes < 600_000, `${second.newBytes}`);
  assert.equal(second.packs.length, 1);
});

test('a failing sink leaves nothing in the scratch folder', async (t) => {
  const { folder, repository, sink } = await setUp(t, contents);
  const broken = {
    ...sink,
    putPack: () => Promise.reject(new Error('no')),
  };
  await assert.rejects(publishTree({ folder, sink: broken }));
  assert.deepEqual(await readdir(repository.workFolder), []);
});
