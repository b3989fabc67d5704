import assert from 'node:assert/strict';
import { mkdir, open, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeTree } from '@xylem/core';
import { fetchTree } from './fetch/fetch-tree.ts';
import { publishOffer } from './offer/make-offer.ts';
import { publishTree } from './publish/publish-tree.ts';
import { repositorySink } from './publish/repository-sink.ts';
import { httpSource } from './source/http-source.ts';
import { clientForTest, makeFixture, serveForTest, testDomain } from './testing/fixture.ts';
import { memoryFolder, noise, temporaryFolder } from './testing/folder.ts';

const gib4 = 2 ** 32;
const mib = 1024 * 1024;
const sizeBytes = gib4 + 4 * mib;
/** Where there is something else than zeros; one lies across the boundary, one at the end. */
const regions: readonly number[] = [0, 2 ** 31 - 300_000, gib4 - mib / 2, sizeBytes - mib];

/** Takes the room of its regions alone; and in memory, reading the holes costs nothing either. */
async function writeSparse(folder: string, changedAt?: number): Promise<void> {
  await mkdir(folder);
  const file = await open(join(folder, 'big'), 'w');
  for (const at of regions) await file.write(noise(`region ${at}`, mib), 0, mib, at);
  if (changedAt !== undefined) await file.write(Buffer.from('changed'), 0, 7, changedAt);
  await file.close();
}

async function readAt(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  await file.close();
  return buffer;
}

/** The one whole copy, and what others need meanwhile. */
async function hasRoom(t: TestContext, folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  const isEnough = bavail * bsize > 1.5 * sizeBytes;
  if (!isEnough) t.skip(`less than ${Math.ceil((1.5 * sizeBytes) / mib)} MiB are free in ${folder}`);
  return isEnough;
}

test('a file above 4 GiB: publishing, and an update beyond the boundary that carries only what changed', {
  timeout: 300_000,
}, async (t) => {
  const { base, repository, index } = await makeFixture(t);
  if (!(await hasRoom(t, base))) return;
  const changedAt = gib4 + 200_000;
  const sources = await temporaryFolder(t, memoryFolder);
  const [old, next] = [join(sources, 'old'), join(sources, 'next')];
  await writeSparse(old);
  await writeSparse(next, changedAt);
  const sink = repositorySink(repository, testDomain, index);
  const first = await publishTree({ folder: old, sink });
  assert.equal(first.sizeBytes, sizeBytes);
  assert.ok(first.packedBytes < 6 * mib, `${first.packedBytes} bytes packed: equal chunks are stored once`);
  const second = await publishTree({ folder: next, sink });
  assert.ok(second.newBytes < mib, `${second.newBytes} bytes are new`);
  const { tree, treeChunks } = second;
  await publishOffer({ repository, domain: testDomain, tree, treeChunks, index });

  // The old version as an install leaves it.
  await writeFile(`${old}.tree`, encodeTree(first.entries));
  const server = await serveForTest(t, repository);
  const source = httpSource(clientForTest(t), server.url);
  const into = join(base, 'into');
  const fetched = await fetchTree({ source, domain: testDomain, tree, into, seeds: [{ folder: old }] });
  assert.ok(fetched.fetchedBytes < mib, `${fetched.fetchedBytes} bytes fetched`);
  const big = join(into, 'big');
  assert.equal((await stat(big)).size, sizeBytes);
  assert.equal(String(await readAt(big, changedAt, 7)), 'changed');
  for (const at of [regions[1]!, regions[3]!]) {
    assert.ok((await readAt(big, at, mib)).equals(noise(`region ${at}`, mib)), `the region at ${at}`);
  }
  const peakMb = process.resourceUsage().maxRSS / 1000;
  assert.ok(peakMb < 400, `${peakMb} MB`);
});
