import assert from 'node:assert/strict';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type DomainId, sha256 } from '@xylem/core';
import { memoryChunkIndex } from '../offer/memory-index.ts';
import { openRepository } from '../repository/disk-repository.ts';
import { type Contents, noise, temporaryFolder, writeFolder } from '../testing/folder.ts';
import { publishTree } from './publish-tree.ts';
import { readerThreads, readHere } from './readers.ts';
import { repositorySink } from './repository-sink.ts';

const main = join(import.meta.dirname, '..', 'testing', 'reader-main.ts');
let started = 0;
const readers = {
  count: 2,
  start: () => {
    started += 1;
    return new Worker(main);
  },
};
const domain = '0123456789abcdef0123456789abcdef' as DomainId;

/** Enough for threads of its own: small files, some of them of several chunks, and larger ones between them. */
const contents: Contents = Object.fromEntries([
  ...Array.from({ length: 700 }, (_, i) => [`many/f${i}`, noise(`small ${i}`, (i * 613) % 3_000)] as const),
  ['many/g', noise('several chunks', 250_000)],
  ['large', noise('large', 3_000_000)],
  ['run*', '#!/bin/sh\n'],
  ['zlarge', noise('other', 2_000_000)],
]);

test('threads of their own read the same tree', async (t) => {
  const folder = join(await temporaryFolder(t), 'tree');
  await writeFolder(folder, contents);
  const publish = async (more: object) => {
    const repository = await openRepository(await temporaryFolder(t));
    return await publishTree({
      folder,
      sink: repositorySink(repository, domain, memoryChunkIndex()),
      ...more,
    });
  };
  const here = await publish({});
  started = 0;
  const there = await publish({ readers });
  assert.equal(started, 2);
  assert.deepEqual(there, here);
  assert.equal(there.files, 704);
});

test('what is as it was in an earlier tree is not handed over, and is where the sink lost it', async (t) => {
  const base = await temporaryFolder(t);
  const folder = join(base, 'tree');
  await writeFolder(folder, contents);
  const repository = await openRepository(join(base, 'repository'));
  const index = memoryChunkIndex();
  const sink = repositorySink(repository, domain, index);
  const first = await publishTree({ folder, sink, readers });
  const previous = first.entries;
  const same = await publishTree({ folder, sink, readers, previous });
  assert.deepEqual([same.tree, same.newChunks], [first.tree, 0]);
  // Of the same size: no time and no size says that it is another.
  await writeFile(join(folder, 'many', 'f10'), noise('changed', (10 * 613) % 3_000));
  await writeFile(join(folder, 'large'), noise('changed', 3_000_000));
  await chmod(join(folder, 'many', 'g'), 0o755);
  const changed = await publishTree({ folder, sink, readers, previous });
  const alone = await publishTree({ folder, sink: emptySink(await openRepository(join(base, 'other'))) });
  assert.equal(changed.tree, alone.tree);
  assert.ok(changed.newBytes > 3_000_000 && changed.newBytes < 3_100_000, `${changed.newBytes}`);
  const lost = await publishTree({
    folder,
    sink: emptySink(await openRepository(join(base, 'lost'))),
    readers,
    previous,
  });
  assert.deepEqual([lost.tree, lost.newChunks], [alone.tree, alone.newChunks]);
});

const emptySink = (repository: Awaited<ReturnType<typeof openRepository>>) =>
  repositorySink(repository, domain, memoryChunkIndex());

test('a fault of a thread is the one that reading here gives, and a thread that ends is one', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'file');
  await writeFile(path, 'four');
  const threads = readerThreads(1, readers.start);
  t.after(() => threads.close());
  for (const one of [threads, readHere]) {
    await assert.rejects(one.batch([{ path, sizeBytes: 5, known: null }]), {
      code: 'E_FILE_CHANGED',
      details: { path },
    });
    assert.equal(await one.whole({ path, sizeBytes: 4, known: null }), sha256(Buffer.from('four')));
  }
  await rm(path);
  await assert.rejects(threads.whole({ path, sizeBytes: 4, known: null }), { code: 'E_FILE_CHANGED' });
  const asked = threads.batch([{ path: '/dev/stdin', sizeBytes: 4, known: null }]);
  const rejected = assert.rejects(asked);
  await threads.close();
  await rejected;
  await assert.rejects(threads.batch([]), { code: 'E_INTERNAL' });
});
