import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { failover } from '../source/failover.ts';
import { httpSource } from '../source/http-source.ts';
import type { Refused } from '../source/refused.ts';
import { repositorySource } from '../source/repository-source.ts';
import { clientForTest, makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { type Contents, noise, text } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';
import { smallDisk } from '../testing/small-disk.ts';
import { fetchTree } from './fetch-tree.ts';

const little: Contents = {
  'a*': text('a', 90),
  'b/c': 'content',
  'b/empty': '',
  'b/link': '-> ../a',
};

test('offers that are truncated, changed, of another tree or absent are refused and asked for elsewhere', async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const published = await publish('little', little);
  const other = await publish('other', { other: 'x' });
  const { tree } = published;
  const offerOf = (digest: string): Promise<Buffer> =>
    readFile(repository.filePath(`o/${testDomain}/offers/${digest}`));
  const right = await offerOf(tree);
  const flipped = Buffer.from(right);
  flipped[2] = flipped[2]! ^ 1;
  const wrongs = [
    right.subarray(0, right.length - 9),
    flipped,
    await offerOf(other.tree),
    Buffer.from('{}'),
    null,
  ];
  let wrong: Buffer | null = null;
  const liar = await serveForTest(t, repository, (request, response) => {
    if (!request.url!.includes('/offers/')) return false;
    response.writeHead(wrong === null ? 404 : 200, { 'content-length': wrong?.length ?? 0 }).end(wrong);
    return true;
  });
  const client = clientForTest(t);
  for (const [i, one] of wrongs.entries()) {
    wrong = one;
    const refused: Refused[] = [];
    const into = join(base, `offer-${i}`);
    const sources = [httpSource(client, liar.url), repositorySource(repository)];
    const source = failover(sources, { clock: systemClock });
    await fetchTree({ source, domain: testDomain, tree, into, onRefused: (each) => refused.push(each) });
    assert.deepEqual(await readFolder(into), await readFolder(published.folder));
    assert.deepEqual(
      refused.map(({ code, source: name }) => [code, name]),
      one === null ? [] : [['E_OFFER_INVALID', liar.url]],
    );
  }
});

test('what is staged is hashed again: right chunks stay, wrong ones and strangers go', async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const big = noise('stage', 4_000_000);
  const published = await publish('big', { big, 'dir/file': 'content', 'x*': 'run' });
  const into = join(base, 'into');
  const part = `${into}.part`;
  await cp(published.folder, part, { recursive: true });
  const damaged = Buffer.from(big);
  damaged[2_000_000] = damaged[2_000_000]! ^ 1;
  await writeFile(join(part, 'big'), damaged);
  await writeFile(join(part, 'dir', 'stranger'), 'x');
  await cp(part, join(part, 'folder'), { recursive: true }).catch(() => undefined);
  const fetched = await fetchTree({
    source: repositorySource(repository),
    domain: testDomain,
    tree: published.tree,
    into,
  });
  assert.deepEqual(await readFolder(into), await readFolder(published.folder));
  assert.ok(fetched.resumedBytes >= 3_700_000, `${fetched.resumedBytes}`);
  assert.deepEqual((await readdir(base)).sort(), ['big', 'into', 'into.tree', 'repository']);
});

test('once a tree can be seen nothing of its fetch is left, and what was ready before needs no request', async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const { tree, folder } = await publish('little', little);
  const into = join(base, 'into');
  let requests = 0;
  const source = repositorySource(repository);
  const counted: typeof source = {
    name: source.name,
    get: async (path, request) => {
      requests += 1;
      // Something in the way keeps the tree from being seen, at the last moment.
      await mkdir(join(into, 'in the way'), { recursive: true });
      return await source.get(path, request);
    },
  };
  await assert.rejects(fetchTree({ source: counted, domain: testDomain, tree, into }), /ENOTEMPTY|E_/);
  assert.ok(requests > 0);
  await rm(into, { recursive: true });
  assert.deepEqual(await left(base), ['into.part', 'into.tree']);
  requests = 0;
  await fetchTree({ source: counted, domain: testDomain, tree, into });
  assert.equal(requests, 0);
  assert.deepEqual(await readFolder(into), await readFolder(folder));
  assert.deepEqual(await left(base), ['into', 'into.tree']);
});

const left = async (base: string): Promise<string[]> =>
  (await readdir(base)).filter((name) => name.startsWith('into')).sort();

test('a staged hard link of a seed is never written into', async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const old = await publish('old', { data: noise('seed', 900_000) });
  const changed = noise('seed', 900_000);
  changed[500_000] = changed[500_000]! ^ 1;
  const update = await publish('new', { data: changed });
  const source = repositorySource(repository);
  await fetchTree({ source, domain: testDomain, tree: old.tree, into: join(base, 'one') });
  const { link, mkdir } = await import('node:fs/promises');
  await mkdir(join(base, 'two.part'));
  await link(join(base, 'one', 'data'), join(base, 'two.part', 'data'));
  const into = join(base, 'two');
  const seeds = [{ folder: join(base, 'one') }];
  const fetched = await fetchTree({
    source,
    domain: testDomain,
    tree: update.tree,
    into,
    seeds,
    share: 'link',
  });
  assert.deepEqual(await readFolder(join(base, 'one')), await readFolder(old.folder));
  assert.deepEqual(await readFolder(into), await readFolder(update.folder));
  assert.ok(fetched.seededBytes > 500_000);
});

test('a seed whose file was changed behind our back is not trusted', async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const old = await publish('old', { data: noise('seed', 100_000), more: 'more' });
  const update = await publish('new', { data: noise('seed', 100_000), more: 'else' });
  const source = repositorySource(repository);
  await fetchTree({ source, domain: testDomain, tree: old.tree, into: join(base, 'one') });
  await writeFile(join(base, 'one', 'data'), noise('other', 100_000));
  const into = join(base, 'two');
  const seeds = [{ folder: join(base, 'one') }];
  await fetchTree({ source, domain: testDomain, tree: update.tree, into, seeds, share: 'link' });
  assert.deepEqual(await readFolder(into), await readFolder(update.folder));
});

test('called again when the tree is in place, nothing is fetched', async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const { tree, sizeBytes } = await publish('little', little);
  const source = repositorySource(repository);
  const into = join(base, 'into');
  await fetchTree({ source, domain: testDomain, tree, into });
  const again = await fetchTree({ source, domain: testDomain, tree, into });
  assert.equal(again.requests, 0);
  assert.equal(again.sizeBytes, sizeBytes);
});

test('a full disk is foretold with what is needed, and what was staged goes', async (t) => {
  const { repository, publish } = await makeFixture(t);
  const { tree } = await publish('big', { one: noise('disk', 3_000_000) });
  const disk = await smallDisk(t);
  if (disk === null) return;
  const into = join(disk, 'into');
  const source = repositorySource(repository);
  await assert.rejects(fetchTree({ source, domain: testDomain, tree, into }), (error) => {
    assert.ok(error instanceof XylemError && error.code === 'E_DISK_FULL');
    assert.ok(Number(error.details.neededBytes) > 3_000_000);
    assert.ok(Number(error.details.freeBytes) < 2_200_000);
    return true;
  });
  assert.deepEqual(await readdir(disk), []);
});

test('given up by its signal, it stops and can go on', async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const published = await publish('big', { one: noise('abort', 5_000_000) });
  const source = repositorySource(repository);
  const into = join(base, 'into');
  const abort = new AbortController();
  const options = { source, domain: testDomain, tree: published.tree, into };
  const fetching = fetchTree({
    ...options,
    signal: abort.signal,
    onProgress: (done) => done > 0 && abort.abort(),
  });
  await assert.rejects(fetching, { name: 'AbortError' });
  await assert.rejects(stat(into));
  const fetched = await fetchTree(options);
  assert.ok(fetched.resumedBytes > 0);
  assert.deepEqual(await readFolder(into), await readFolder(published.folder));
});

test('two at once for the same place are not let in; something else in its place is not touched', async (t) => {
  const { base, repository, publish } = await makeFixture(t);
  const one = await publish('one', { one: '1' });
  const two = await publish('two', { two: '2' });
  const source = repositorySource(repository);
  const into = join(base, 'into');
  const first = fetchTree({ source, domain: testDomain, tree: one.tree, into });
  const hasCode = (code: string) => (error: unknown) => error instanceof XylemError && error.code === code;
  await assert.rejects(fetchTree({ source, domain: testDomain, tree: one.tree, into }), hasCode('E_BUSY'));
  await first;
  await assert.rejects(
    fetchTree({ source, domain: testDomain, tree: two.tree, into }),
    hasCode('E_CONFLICT'),
  );
  assert.deepEqual(await readFolder(into), await readFolder(one.folder));
});
