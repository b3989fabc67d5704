import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { limits, XylemError } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import { httpSource } from '../source/http-source.ts';
import type { Refused } from '../source/refused.ts';
import { repositorySource } from '../source/repository-source.ts';
import { breaking } from '../testing/breaking.ts';
import { clientForTest, makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { memoryFolder, noise, text } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';
import { fetchTree } from './fetch-tree.ts';

/** More than one frame; the last of them comes along with the tree's own text. */
async function published(t: TestContext) {
  const { base, repository, publish } = await makeFixture(t, memoryFolder);
  const tree = await publish('tree', { big: noise('cut', 1_250_000), 'a/text': text('cut', 90_000) });
  const pack = tree.packs[0]!;
  const bytes = await readFile(repository.objectPath(testDomain, pack.digest));
  const framesBytes = Number(bytes.readBigUInt64LE(bytes.length - 16)) - 8;
  return { base, repository, published: tree, pack: pack.digest, packBytes: bytes, framesBytes };
}

const isCut = (error: unknown): boolean => error instanceof XylemError && error.code === 'E_PARENT_STALE';

test('cut off after each few KiB, every attempt by a new process, a tree converges and no byte comes twice', async (t) => {
  const { base, repository, published: tree, pack, framesBytes } = await published(t);
  const given = { bytes: 0 };
  const source = breaking(repositorySource(repository), pack, 8_000, given);
  const options = { source, domain: testDomain, tree: tree.tree, into: join(base, 'into') };
  let lives = 0;
  let isThere = false;
  while (!isThere) {
    lives += 1;
    assert.ok(lives < 400, `not there after ${lives} lives`);
    isThere = await fetchTree(options).then(
      () => true,
      (error: unknown) => {
        assert.ok(isCut(error), String(error));
        return false;
      },
    );
  }
  assert.deepEqual(await readFolder(options.into), await readFolder(tree.folder));
  assert.ok(lives > 150, `${lives} lives`);
  assert.ok(given.bytes <= framesBytes, `${given.bytes} of ${framesBytes}`);
  const left = (await readdir(base)).filter((name) => name.startsWith('into')).sort();
  assert.deepEqual(left, ['into', 'into.tree']);
});

test('what was kept of a frame and is damaged costs no more than that frame, and nobody is blamed', async (t) => {
  const { base, repository, published: tree, pack, framesBytes } = await published(t);
  const changed = (piece: Buffer): Buffer => {
    const wrong = Buffer.from(piece);
    wrong[5_000] = wrong[5_000]! ^ 1;
    return wrong;
  };
  const whole = repositorySource(repository);
  for (const [name, atMost, damages] of [
    // The disk's doing, and a parent's.
    ['disk', 400_000, true],
    ['parent', 400_000, false],
  ] as const) {
    const given = { bytes: 0 };
    const refused: Refused[] = [];
    const into = join(base, name);
    const options = { domain: testDomain, tree: tree.tree, into };
    const first = breaking(whole, pack, atMost, given, (piece) =>
      damages || piece.length < atMost ? piece : changed(piece),
    );
    await assert.rejects(fetchTree({ ...options, source: first }), isCut);
    const kept = `${into}.part.frame`;
    if (damages) {
      const file = await readFile(kept);
      await writeFile(kept, changed(file));
    }
    const second = breaking(whole, pack, Number.POSITIVE_INFINITY, given);
    await fetchTree({ ...options, source: second, onRefused: (one) => refused.push(one) });
    assert.deepEqual(await readFolder(into), await readFolder(tree.folder));
    assert.deepEqual(refused, []);
    assert.ok(
      given.bytes > framesBytes && given.bytes <= framesBytes + limits.frameContent,
      `${given.bytes}`,
    );
  }
});

test('a kept part that is of another pack, torn, or no such file is passed over', async (t) => {
  const { base, repository, published: tree, pack, framesBytes } = await published(t);
  for (const [n, kept] of [
    Buffer.from(`${'0'.repeat(64)} 8\nxxxx`),
    Buffer.from(pack.slice(0, 40)),
    Buffer.from(`${pack} 8\n`),
    Buffer.alloc(3_000_000),
  ].entries()) {
    const given = { bytes: 0 };
    const into = join(base, `into-${n}`);
    await writeFile(`${into}.part.frame`, kept);
    const source = breaking(repositorySource(repository), pack, Number.POSITIVE_INFINITY, given);
    await fetchTree({ source, domain: testDomain, tree: tree.tree, into });
    assert.deepEqual(await readFolder(into), await readFolder(tree.folder));
    assert.equal(given.bytes, framesBytes);
  }
});

test('what comes slowly is kept while it comes: a killed process goes on inside the frame', async (t) => {
  const { base, repository, published: tree, pack, packBytes } = await published(t);
  let sent = 0;
  const goOn = Promise.withResolvers<void>();
  const ranges: string[] = [];
  const server = await serveForTest(t, repository, (request, response) => {
    if (!request.url!.endsWith(pack)) return false;
    ranges.push(request.headers.range!);
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range!)!;
    if (sent > 0) return false;
    const part = packBytes.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, {
      'content-length': part.length,
      'content-range': `bytes ${first}-${last}/${packBytes.length}`,
    });
    sent = 300_000;
    response.write(part.subarray(0, 200_000), () => {
      void goOn.promise.then(() => response.write(part.subarray(200_000, sent)));
    });
    return true;
  });
  let nowMs = 0;
  const into = join(base, 'into');
  const abandoned = new AbortController();
  const options = { source: httpSource(clientForTest(t), server.url), domain: testDomain, tree: tree.tree };
  const first = fetchTree({
    ...options,
    into,
    signal: abandoned.signal,
    clock: { monotonicMs: () => nowMs },
  });
  first.catch(() => undefined);
  await waitUntil(() => sent > 0);
  // Nothing is written of what comes quickly.
  await assert.rejects(stat(`${into}.part.frame`));
  nowMs = 1_000;
  goOn.resolve();
  const kept = async (): Promise<number> =>
    (await stat(`${into}.part.frame`).catch(() => ({ size: 0 }))).size;
  await waitUntil(async () => (await kept()) > 200_000);
  // As a killed process leaves it.
  const other = join(base, 'other');
  await writeFile(`${other}.part.frame`, await readFile(`${into}.part.frame`));
  const file = await readFile(`${other}.part.frame`);
  const had = file.length - file.indexOf('\n') - 1;
  abandoned.abort();
  await assert.rejects(first);
  await fetchTree({ ...options, into: other });
  assert.deepEqual(await readFolder(other), await readFolder(tree.folder));
  const begins = ranges.map((range) => Number(/=(\d+)/.exec(range)![1]));
  assert.equal(begins[1], begins[0]! + had);
});
