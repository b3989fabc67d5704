import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { testClock } from '@xylem/testkit';
import { fetchTree } from '../fetch/fetch-tree.ts';
import type { FetchedTree } from '../fetch/types.ts';
import { createMirror } from '../mirror/mirror.ts';
import { openRepository } from '../repository/disk-repository.ts';
import { clientForTest, makeFixture, serveForTest, type TestServer, testDomain } from '../testing/fixture.ts';
import { noise } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';
import {
  ComparedTransfer,
  type ComparisonTiming,
  comparisonTiming,
  isWorthComparing,
  timeToWinMs,
} from './comparison.ts';
import { type Failover, failover } from './failover.ts';
import { httpSource } from './http-source.ts';
import { LinkRate } from './link-rate.ts';
import type { ObjectSource } from './object-source.ts';
import { Patience } from './patience.ts';
import type { Refused } from './refused.ts';

const quick: ComparisonTiming = { ...comparisonTiming, afterMs: 100, worthMs: 1_000, againMs: 100 };
const sizeBytes = 5 * 1024 * 1024;
const frameBytes = 1024 * 1024;

test('a rate is judged after 10 s of waiting, where more than 30 s are left at that rate', () => {
  assert.equal(isWorthComparing(200_000, 9_999, 1e9, comparisonTiming), false);
  assert.equal(isWorthComparing(200_000, 10_000, 600_001, comparisonTiming), true);
  assert.equal(isWorthComparing(200_000, 10_000, 600_000, comparisonTiming), false);
  assert.equal(isWorthComparing(200_000_000, 10_000, 600_000_000, comparisonTiming), false);
});

test('another has to give its part three times as fast, and within 10 s', () => {
  assert.equal(timeToWinMs(300_000, 1_000_000, 10_000, comparisonTiming), 1_000);
  assert.equal(timeToWinMs(frameBytes, 200_000, 10_000, comparisonTiming), 10_000);
  assert.equal(timeToWinMs(frameBytes, 0, 10_000, comparisonTiming), 10_000);
});

test('a parent that gives a little is left for one that gives more, and nothing comes twice but a frame', async (t) => {
  const { slow, fast, choiceOf, fetchInto, ofPack } = await twoParents(t, trickling);
  const source = choiceOf([slow.url, fast.url]);
  const fetched = await fetchInto('once', source);
  assert.equal(ofPack(slow).length, 2, 'the text, and what there is of the contents');
  assert.equal(ofPack(fast).length, 2, 'a part, and the rest');
  assert.ok(fetched.fetchedBytes < sizeBytes + 2 * frameBytes, `${fetched.fetchedBytes}`);
  await fetchInto('twice', source);
  assert.equal(ofPack(slow).length, 2, 'the next tree comes from the faster one at once');
  const first = await source.attempt('news', async ({ name }) => name);
  assert.equal(first, slow.url, 'for all else it keeps its place');
});

test('one that gives a little of a tree which is a single small request is left as well', async (t) => {
  const { slow, fast, choiceOf, fetchInto, ofPack } = await twoParents(
    t,
    dripper(100, 20),
    undefined,
    200_000,
  );
  const fetched = await fetchInto('small', choiceOf([slow.url, fast.url]));
  assert.equal(ofPack(slow).length, 1);
  assert.ok(ofPack(fast).length > 0);
  assert.ok(fetched.fetchedBytes < 2 * 200_000 + 50_000, `${fetched.fetchedBytes}`);
});

test('a relay goes on from another with what it has of an object', async (t) => {
  const { base, published, pack, slow, fast, choiceOf, ofPack } = await twoParents(t, trickling);
  const copy = await openRepository(join(base, 'copy'));
  const source = choiceOf([slow.url, fast.url]);
  await createMirror(copy).tree(testDomain, published.tree, { source });
  assert.ok(await copy.hasObject(testDomain, pack));
  assert.equal(ofPack(slow).length, 1);
  const begins = ofPack(fast).map((request) => Number(/bytes=(\d+)-/.exec(request)?.[1]));
  const [part = 0, rest = 0] = begins.slice(-2);
  assert.ok(part > 0 && rest > part && rest <= part + frameBytes, begins.join());
});

test('a parent that holds its answers up on purpose is not left', async (t) => {
  const { slow, fast, pacedBy, choiceOf, fetchInto, ofPack } = await twoParents(t, briskly);
  pacedBy.headers = { 'xylem-paced': '1' };
  await fetchInto('paced', choiceOf([slow.url, fast.url], { ...quick, afterMs: 1, worthMs: 1 }));
  assert.deepEqual(ofPack(fast), []);
});

test('a parent stays where the other does not answer in time, or lies, which is said', async (t) => {
  const silent = await twoParents(t, briskly, () => undefined);
  const timing = { ...quick, afterMs: 1, worthMs: 1, againMs: 0 };
  const fetched = await silent.fetchInto(
    'silent',
    silent.choiceOf([silent.slow.url, silent.fast.url], timing),
  );
  assert.equal(silent.ofPack(silent.slow).length, 2);
  assert.ok(silent.ofPack(silent.fast).length <= 2, 'asked for a part of the text, and one of the contents');
  assert.ok(fetched.fetchedBytes < sizeBytes + 2 * frameBytes, `${fetched.fetchedBytes}`);
  const lying = await twoParents(t, briskly, (response, bytes) => response.end(bytes.fill(0)));
  const source = lying.choiceOf([lying.slow.url, lying.fast.url], { ...timing, times: 0.001 });
  const refused: Refused[] = [];
  await lying.fetchInto('lying', source, (one) => refused.push(one));
  assert.equal(lying.ofPack(lying.slow).length, 2);
  assert.deepEqual(
    refused.map(({ source, code, path }) => [source, code, path]),
    [[lying.fast.url, 'E_OBJECT_DIGEST', `o/${testDomain}/${lying.pack}`]],
  );
});

test('a link is not taken for faster than what came by it while its reader was busy', async () => {
  const clock = testClock();
  const rate = new LinkRate();
  const comparison = {
    clock,
    timing: comparisonTiming,
    patience: new Patience(comparisonTiming.pacedMs, () => 0.5),
    higher: { patience: new Patience(comparisonTiming.nearlyNothing.afterMs, () => 0.5), rivalsOf: () => [] },
    fraction: () => 0.5,
    rivalsOf: () => [],
    blame: () => assert.fail(),
    onRead: (bytes: number, tookMs: number) => rate.note(bytes, tookMs),
    onAnswer: (tookMs: number) => rate.answered(tookMs),
  };
  const body = (): Readable => Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(100_000)));
  const source: ObjectSource = {
    name: 'parent',
    get: async () => ({ status: 'found', body: body(), totalBytes: 1_000_000, etag: undefined }),
  };
  const part = () => ({ sizeBytes: 1, take: async () => undefined });
  const transfer = new ComparedTransfer({ comparison, source, signal: undefined, leftBytes: () => 0, part });
  for await (const _piece of transfer.read('o/x', {})) await clock.advance(200);
  assert.equal(rate.bytesPerSecond, 500_000);
  assert.equal(rate.roundTripMs, 0);
});

test('the soonest of the last answers says how long a round trip is', () => {
  const rate = new LinkRate();
  assert.equal(rate.roundTripMs, null);
  for (const tookMs of [600, 15_000, 620]) rate.answered(tookMs);
  assert.equal(rate.roundTripMs, 600);
  for (let n = 0; n < 8; n += 1) rate.answered(900);
  assert.equal(rate.roundTripMs, 900, 'the way may have become another');
});

type Give = (response: ServerResponse, bytes: Buffer) => void;

/** Two parents that hold one tree, and give its pack as they are told; the second else gives what it has. */
async function twoParents(t: TestContext, slowly: Give, otherwise?: Give, size = sizeBytes) {
  const { base, repository, publish } = await makeFixture(t);
  const published = await publish('large', { a: noise('a', size) });
  const pack = published.packs[0]?.digest ?? assert.fail();
  const bytes = (await repository.readFile(`o/${testDomain}/${pack}`)) ?? assert.fail();
  const pacedBy: { headers: Record<string, string> } = { headers: {} };
  const serve = (give: Give | undefined): Promise<TestServer> =>
    serveForTest(t, repository, (request, response) => {
      const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
      if (give === undefined || request.url?.endsWith(pack) !== true) return false;
      const first = Number(range?.[1] ?? 0);
      const last = Number(range?.[2] || bytes.length - 1);
      const part = Buffer.from(bytes.subarray(first, last + 1));
      response.writeHead(206, {
        'content-range': `bytes ${first}-${last}/${bytes.length}`,
        'content-length': part.length,
        ...pacedBy.headers,
      });
      // The tree's own text: too little to be compared.
      if (size > frameBytes && part.length < frameBytes && give === slowly) response.end(part);
      else give(response, part);
      return true;
    });
  const [slow, fast] = [await serve(slowly), await serve(otherwise)];
  const client = clientForTest(t);
  const choiceOf = (urls: readonly string[], timing = quick): Failover =>
    failover(
      urls.map((url) => httpSource(client, url)),
      { clock: systemClock, compare: { timing, isRival: () => 'now' } },
    );
  const fetchInto = async (
    name: string,
    source: Failover,
    onRefused?: (refused: Refused) => void,
  ): Promise<FetchedTree> => {
    const into = join(base, name);
    const { tree } = published;
    const fetched = await fetchTree({
      source,
      domain: testDomain,
      tree,
      into,
      ...(onRefused && { onRefused }),
    });
    assert.deepEqual(await readFolder(into), await readFolder(published.folder));
    return fetched;
  };
  const ofPack = ({ requests }: TestServer): string[] => requests.filter((request) => request.includes(pack));
  return { base, published, pack, slow, fast, pacedBy, choiceOf, fetchInto, ofPack };
}

/** So many bytes each so often, and never more. */
const dripper =
  (count: number, everyMs: number): Give =>
  (response, bytes) => {
    let at = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(at, at + count));
      at += count;
      if (at >= bytes.length) response.end();
    }, everyMs);
    response.on('close', () => clearInterval(timer));
  };
/** 50 kB a second: the other has 7 s for a frame. */
const trickling = dripper(1_000, 20);
/** All in about half a second. */
const briskly = dripper(100_000, 10);
