import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Digest, type DomainId, sha256, XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { waitUntil } from '@xylem/testkit';
import { openRepository } from '../repository/disk-repository.ts';
import type { Repository } from '../repository/repository.ts';
import { failover } from '../source/failover.ts';
import { httpSource } from '../source/http-source.ts';
import type { Refused } from '../source/refused.ts';
import { repositorySource } from '../source/repository-source.ts';
import { clientForTest, makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { noise, temporaryFolder } from '../testing/folder.ts';
import { createMirror } from './mirror.ts';
import { partialFile } from './partial.ts';
import { prune } from './prune.ts';

const other = '0'.repeat(31).concat('2') as DomainId;
const hasCode = (code: string) => (error: unknown) => error instanceof XylemError && error.code === code;

const cameTo = async (copy: Repository, digest: Digest): Promise<number> =>
  (await stat(partialFile(copy, digest)).catch(() => null))?.size ?? 0;

test('however many ask at once, an object travels once', async (t) => {
  const { repository } = await makeFixture(t);
  const bytes = noise('once', 300_000);
  const digest = sha256(bytes);
  await repository.putObject(testDomain, digest, bytes);
  await repository.putObject(other, digest, bytes);
  const server = await serveForTest(t, repository);
  const source = httpSource(clientForTest(t), server.url);
  const copy = await openRepository(await temporaryFolder(t));
  const mirror = createMirror(copy);
  await Promise.all([
    ...Array.from({ length: 20 }, () => mirror.object(testDomain, digest, { source })),
    ...Array.from({ length: 20 }, () => mirror.object(other, digest, { source })),
  ]);
  assert.equal(server.requests.length, 1);
  assert.deepEqual(await copy.readObject(testDomain, digest), bytes);
  assert.deepEqual(await copy.readObject(other, digest), bytes);
  assert.equal(await mirror.object(testDomain, digest, { source }), false);
});

test('what is wanted at once while it comes in the background is raised, and no byte of it comes twice', async (t) => {
  const { repository } = await makeFixture(t);
  const bytes = noise('raised', 400_000);
  const digest = sha256(bytes);
  await repository.putObject(testDomain, digest, bytes);
  await repository.putObject(other, digest, bytes);
  const half = 200_000;
  const priorities: (string | undefined)[] = [];
  const server = await serveForTest(t, repository, ({ headers }, response) => {
    priorities.push(headers.priority as string | undefined);
    if (headers.priority === undefined) return false;
    // Others come first at this parent: the rest never comes.
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, half));
    return true;
  });
  const source = httpSource(clientForTest(t), server.url);
  const copy = await openRepository(await temporaryFolder(t));
  const mirror = createMirror(copy);
  const ahead = mirror.object(testDomain, digest, { source, isBackground: true });
  await waitUntil(async () => (await cameTo(copy, digest)) === half);
  const alsoAhead = mirror.object(other, digest, { source, isBackground: true });
  const path = `GET /o/${testDomain}/${digest}`;
  assert.deepEqual(server.requests, [path]);
  await Promise.all([other, testDomain, other].map((domain) => mirror.object(domain, digest, { source })));
  assert.deepEqual(await Promise.all([ahead, alsoAhead]), [true, true]);
  assert.deepEqual(server.requests, [path, `${path} bytes=${half}-`]);
  assert.deepEqual(priorities, ['u=6', undefined]);
  for (const domain of [testDomain, other]) assert.deepEqual(await copy.readObject(domain, digest), bytes);
});

test('a raised transfer that is given up by who began it goes on for whoever waits', async (t) => {
  const { repository } = await makeFixture(t);
  const bytes = noise('given up', 400_000);
  const digest = sha256(bytes);
  await repository.putObject(testDomain, digest, bytes);
  const half = 200_000;
  let mayEnd = false;
  const server = await serveForTest(t, repository, ({ headers }, response) => {
    if (mayEnd) return false;
    const isWhole = headers.range === undefined;
    response.writeHead(
      isWhole ? 200 : 206,
      isWhole ? {} : { 'content-range': `bytes ${half}-399999/400000` },
    );
    if (isWhole) response.write(bytes.subarray(0, half));
    else response.flushHeaders();
    return true;
  });
  const source = httpSource(clientForTest(t), server.url);
  const copy = await openRepository(await temporaryFolder(t));
  const mirror = createMirror(copy);
  const stop = new AbortController();
  const ahead = mirror.object(testDomain, digest, { source, isBackground: true, signal: stop.signal });
  await waitUntil(async () => (await cameTo(copy, digest)) === half);
  const urgent = mirror.object(testDomain, digest, { source });
  await waitUntil(() => server.requests.length === 2);
  mayEnd = true;
  stop.abort(new XylemError('E_INTERRUPTED', 'Nobody wants it there any more.'));
  await assert.rejects(ahead, hasCode('E_INTERRUPTED'));
  assert.equal(await urgent, true);
  assert.deepEqual(await copy.readObject(testDomain, digest), bytes);
});

test('a transfer that broke off goes on behind its last byte', async (t) => {
  const { repository } = await makeFixture(t);
  const bytes = noise('resume', 400_000);
  const digest = sha256(bytes);
  await repository.putObject(testDomain, digest, bytes);
  let breakAt = 123_456;
  const server = await serveForTest(t, repository, (_request, response) => {
    if (breakAt === 0) return false;
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, breakAt), () => response.destroy());
    breakAt = 0;
    return true;
  });
  const source = httpSource(clientForTest(t), server.url);
  const copy = await openRepository(await temporaryFolder(t));
  await assert.rejects(createMirror(copy).object(testDomain, digest, { source }), hasCode('E_PARENT_STALE'));
  const { length } = await readFile(partialFile(copy, digest));
  assert.ok(length > 0);
  await createMirror(await openRepository(copy.folder)).object(testDomain, digest, { source });
  assert.equal(server.requests.at(-1), `GET /o/${testDomain}/${digest} bytes=${length}-`);
  assert.deepEqual(await copy.readObject(testDomain, digest), bytes);
});

test('a wrong part on disk is not blamed on whoever gave the rest', async (t) => {
  const { repository } = await makeFixture(t);
  const bytes = noise('blame', 100_000);
  const digest = sha256(bytes);
  await repository.putObject(testDomain, digest, bytes);
  const copy = await openRepository(await temporaryFolder(t));
  for (const part of [Buffer.alloc(50_000), Buffer.alloc(100_000), Buffer.alloc(200_000)]) {
    await writeFile(partialFile(copy, digest), part);
    const refused: Refused[] = [];
    const source = repositorySource(repository);
    await createMirror(copy).object(testDomain, digest, { source, onRefused: (one) => refused.push(one) });
    assert.deepEqual(refused, []);
    assert.deepEqual(await copy.readObject(testDomain, digest), bytes);
    await copy.removeObject(testDomain, digest);
  }
});

test('a truncated, changed, swapped or endless object is refused, said and fetched elsewhere', async (t) => {
  const { repository } = await makeFixture(t);
  const bytes = noise('lies', 100_000);
  const digest = sha256(bytes);
  await repository.putObject(testDomain, digest, bytes);
  const changed = Buffer.from(bytes);
  changed[5] = changed[5]! ^ 1;
  const lies = [
    bytes.subarray(0, 99_999),
    changed,
    noise('swapped', 100_000),
    Buffer.alloc(3_000_000),
    Buffer.alloc(0),
  ];
  let lie: Buffer = Buffer.alloc(0);
  const liar = await serveForTest(t, repository, (_request, response) => {
    response.writeHead(200).end(lie);
    return true;
  });
  const client = clientForTest(t);
  for (const one of lies) {
    lie = one;
    const copy = await openRepository(await temporaryFolder(t));
    const refused: Refused[] = [];
    const source = failover([httpSource(client, liar.url), repositorySource(repository)], {
      clock: systemClock,
    });
    const options = { source, maxBytes: 1_000_000, onRefused: (each: Refused) => refused.push(each) };
    await createMirror(copy).object(testDomain, digest, options);
    assert.deepEqual(await copy.readObject(testDomain, digest), bytes);
    assert.equal(refused.length, 1);
    assert.equal(refused[0]?.source, liar.url);
    assert.equal(refused[0]?.path, `o/${testDomain}/${digest}`);
  }
});

test('one who gives up does not end the flight of those who wait', async (t) => {
  const { repository } = await makeFixture(t);
  const bytes = noise('abort', 100_000);
  const digest = sha256(bytes);
  await repository.putObject(testDomain, digest, bytes);
  const abort = new AbortController();
  let asked = 0;
  const server = await serveForTest(t, repository, (_request, response) => {
    asked += 1;
    if (asked > 1) return false;
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 1000));
    return true;
  });
  const source = httpSource(clientForTest(t), server.url);
  const copy = await openRepository(await temporaryFolder(t));
  let looked = 0;
  const link = copy.linkObject.bind(copy);
  copy.linkObject = async (...words) =>
    await link(...words).finally(() => {
      looked += 1;
    });
  const mirror = createMirror(copy);
  const until = async (isSo: () => boolean): Promise<void> => {
    do await new Promise((resolve) => setImmediate(resolve));
    while (!isSo());
  };
  const first = mirror.object(testDomain, digest, { source, signal: abort.signal });
  await until(() => asked === 1);
  const second = mirror.object(testDomain, digest, { source });
  // Here is nothing: it waits for the flight of the first.
  await until(() => looked === 2);
  await until(() => true);
  abort.abort();
  await assert.rejects(first, { name: 'AbortError' });
  await second;
  assert.deepEqual(await copy.readObject(testDomain, digest), bytes);
});

test('a tree is mirrored with its packs, the offer last; what is not kept is pruned', async (t) => {
  const { repository, publish } = await makeFixture(t);
  const one = await publish('one', { file: noise('mirror', 500_000) });
  const two = await publish('two', { file: noise('mirror', 500_000), more: 'more' });
  const source = repositorySource(repository);
  const copy = await openRepository(join(await temporaryFolder(t), 'copy'));
  const mirror = createMirror(copy);
  const first = await mirror.tree(testDomain, one.tree, { source });
  assert.deepEqual(first, { packs: 1, fetchedBytes: one.packedBytes });
  const second = await mirror.tree(testDomain, two.tree, { source });
  assert.deepEqual(second, { packs: 2, fetchedBytes: two.packedBytes });
  const keep = new Set<Digest>([one.tree, ...one.packs.map(({ digest }) => digest)]);
  const { removed, freedBytes } = await prune(copy, testDomain, keep);
  assert.deepEqual({ removed, freedBytes }, { removed: 2, freedBytes: two.packedBytes });
  assert.deepEqual(await copy.listFiles(`o/${testDomain}/offers`), [one.tree]);
  await assert.rejects(mirror.tree(testDomain, sha256('absent'), { source }), hasCode('E_OBJECT_MISSING'));
});
