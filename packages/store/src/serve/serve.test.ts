import assert from 'node:assert/strict';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sha256 } from '@xylem/core';
import { makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { noise } from '../testing/folder.ts';
import { servableOf } from './paths.ts';
import { rangeOf } from './range.ts';
import { serveRepository } from './serve.ts';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** The path goes out as it stands: a URL object would resolve `..` before. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const [, host, path = '/'] = /^http:\/\/([^/]+)(.*)$/.exec(url) ?? [];
  const [hostname, port] = (host ?? '').split(':');
  return new Promise((resolve, reject) => {
    const asking = request({ hostname, port, path, headers, method }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    asking.on('error', reject);
    asking.end();
  });
}

const small = Buffer.from('a small object');
const large = noise('serve', 700_000);
const timestamp = `r/${testDomain}/metadata/timestamp.json`;

async function setUp(t: TestContext) {
  const { repository } = await makeFixture(t);
  for (const bytes of [small, large]) await repository.putObject(testDomain, sha256(bytes), bytes);
  await repository.putFile(timestamp, '{"a":1}');
  await repository.putFile(`r/${testDomain}/metadata/1.root.json`, '{}');
  const server = await serveForTest(t, repository);
  const objectUrl = (bytes: Buffer): string => `${server.url}/o/${testDomain}/${sha256(bytes)}`;
  return { repository, server, objectUrl };
}

test('objects are immutable, whole and by range, small and large', async (t) => {
  const { objectUrl } = await setUp(t);
  for (const bytes of [small, large]) {
    const whole = await ask(objectUrl(bytes));
    assert.equal(whole.status, 200);
    assert.deepEqual(whole.body, bytes);
    assert.equal(whole.headers.etag, `"${sha256(bytes)}"`);
    assert.equal(whole.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(whole.headers['accept-ranges'], 'bytes');
    assert.equal(whole.headers['content-encoding'], undefined);
    const part = await ask(objectUrl(bytes), { range: 'bytes=3-9' });
    assert.equal(part.status, 206);
    assert.deepEqual(part.body, bytes.subarray(3, 10));
    assert.equal(part.headers['content-range'], `bytes 3-9/${bytes.length}`);
    const rest = await ask(objectUrl(bytes), { range: `bytes=5-` });
    assert.deepEqual(rest.body, bytes.subarray(5));
    const tail = await ask(objectUrl(bytes), { range: 'bytes=-4' });
    assert.deepEqual(tail.body, bytes.subarray(bytes.length - 4));
    const beyond = await ask(objectUrl(bytes), { range: `bytes=${bytes.length}-` });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers['content-range'], `bytes */${bytes.length}`);
    // RFC 9110 section 14.2: of a range only GET knows.
    const head = await ask(objectUrl(bytes), { range: 'bytes=3-9' }, 'HEAD');
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-length'], String(bytes.length));
    assert.equal(head.body.length, 0);
    const many = Array.from({ length: 1_000 }, (_, i) => `${2 * i}-${2 * i}`).join(',');
    const parts = await ask(objectUrl(bytes), { range: `bytes=${many}` });
    assert.deepEqual([parts.status, parts.body], [200, bytes]);
  }
});

test('validators: 304 for what is known, the whole file for a range of something else', async (t) => {
  const { repository, server, objectUrl } = await setUp(t);
  const url = `${server.url}/${timestamp}`;
  const first = await ask(url);
  const etag = String(first.headers.etag);
  assert.equal(first.headers['cache-control'], 'no-cache');
  const known = await ask(url, { 'if-none-match': `"other", ${etag}` });
  assert.equal(known.status, 304);
  assert.equal(known.body.length, 0);
  assert.equal(known.headers.etag, etag);
  assert.equal((await ask(url, { 'if-none-match': `W/${etag}` })).status, 304);
  assert.equal((await ask(url, { 'if-none-match': '*' })).status, 304);
  assert.equal((await ask(url, { range: 'bytes=0-1', 'if-range': `W/${etag}` })).status, 200);
  await repository.putFile(timestamp, '{"a":2}');
  const changed = await ask(url, { 'if-none-match': etag });
  assert.equal(changed.status, 200);
  assert.equal(String(changed.body), '{"a":2}');
  assert.notEqual(changed.headers.etag, etag);
  const object = `"${sha256(small)}"`;
  assert.equal((await ask(objectUrl(small), { 'if-none-match': object })).status, 304);
  assert.equal((await ask(objectUrl(small), { range: 'bytes=0-1', 'if-range': object })).status, 206);
  assert.equal((await ask(objectUrl(small), { range: 'bytes=0-1', 'if-range': '"other"' })).status, 200);
});

test('what was replaced or removed is noticed by the next request, however often it was asked for', async (t) => {
  const { repository, server, objectUrl } = await setUp(t);
  const url = `${server.url}/${timestamp}`;
  for (let version = 0; version < 20; version += 1) {
    const text = JSON.stringify({ version });
    await repository.putFile(timestamp, text);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(url)));
    assert.deepEqual(new Set(answers.map(({ body }) => String(body))), new Set([text]));
    const [etag] = new Set(answers.map(({ headers }) => String(headers.etag)));
    assert.equal((await ask(url, { 'if-none-match': etag ?? '' })).status, 304);
  }
  for (const bytes of [small, large]) {
    const known = { 'if-none-match': `"${sha256(bytes)}"` };
    assert.equal((await ask(objectUrl(bytes))).status, 200);
    assert.equal((await ask(objectUrl(bytes), known)).status, 304);
    await repository.removeObject(testDomain, sha256(bytes));
    assert.equal((await ask(objectUrl(bytes))).status, 404);
    assert.equal((await ask(objectUrl(bytes), known)).status, 404);
  }
});

test('many who fetch a large object at once get all of it, from any byte on', async (t) => {
  const { repository, objectUrl } = await setUp(t);
  const bytes = noise('many', 3_000_000);
  await repository.putObject(testDomain, sha256(bytes), bytes);
  const starts = Array.from({ length: 20 }, (_, i) => i * 131_000);
  const answers = await Promise.all(
    starts.map((start) => ask(objectUrl(bytes), { range: `bytes=${start}-` })),
  );
  for (const [i, start] of starts.entries()) assert.deepEqual(answers[i]?.body, bytes.subarray(start));
  assert.ok(await isClosedSoon(repository.objectPath(testDomain, sha256(bytes))));
});

test('absent and forbidden are alike, also for who knows the validator', async (t) => {
  const { repository, objectUrl } = await setUp(t);
  const handle = serveRepository(repository, { authorise: (_request, asked) => asked.kind !== 'object' });
  const strict = await serveForTest(t, repository, (incoming, response) => handle(incoming, response));
  const absent = `/o/${testDomain}/${'0'.repeat(64)}`;
  const there = new URL(objectUrl(small)).pathname;
  const stripped = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await ask(strict.url + path, headers);
    delete answer.headers.date;
    return answer;
  };
  const { url } = await serveForTest(t, repository);
  const missing = await ask(url + absent);
  delete missing.headers.date;
  assert.equal(missing.status, 404);
  assert.deepEqual(await stripped(there), missing);
  assert.deepEqual(await stripped(absent), missing);
  assert.deepEqual(await stripped(there, { 'if-none-match': `"${sha256(small)}"` }), missing);
  assert.deepEqual(await stripped(there, { range: 'bytes=0-0' }), missing);
});

test('nothing but the paths of the specification is served', async (t) => {
  const { repository, server } = await setUp(t);
  await writeFile(join(repository.workFolder, 'new-secret'), 'secret');
  const digest = sha256(small);
  const paths = [
    `/pool/${digest.slice(0, 2)}/${digest}`,
    '/.tmp-work/new-secret',
    '/',
    '/o',
    `/o/${testDomain}/`,
    `/o/${testDomain}/../${testDomain}/${digest}`,
    `/o/${testDomain}/%2e%2e/${digest}`,
    `/o/${testDomain}/${digest}/`,
    `/o/${testDomain}/${digest.toUpperCase()}`,
    `//o/${testDomain}/${digest}`,
    `/r/${testDomain}/metadata/.tmp-1.root.json`,
    `/r/${testDomain}/metadata/../../../.tmp-work/new-secret`,
    `/r/${testDomain}/targets/../metadata/timestamp.json`,
    `/news/${testDomain}/../../x`,
    `/o/${testDomain}/${digest}\0`,
  ];
  for (const path of paths) assert.equal(servableOf(path), null, path);
  for (const path of paths.filter((one) => !one.includes('\0'))) {
    assert.equal((await ask(server.url + path)).status, 404, path);
  }
  assert.equal((await ask(`${server.url}/o/${testDomain}/${digest}`, {}, 'POST')).status, 405);
  assert.equal((await ask(`${server.url}/o/${testDomain}/${digest}?x=1`)).status, 200);
});

/** Waits until no file of this process is open at `path`, for at most five seconds. */
async function isClosedSoon(path: string): Promise<boolean> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const names = await readdir('/proc/self/fd').catch(() => []);
    const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
    if (!targets.includes(path)) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('who hangs up in the middle leaves no open file behind', async (t) => {
  const { repository, objectUrl } = await setUp(t);
  const bytes = Buffer.alloc(20_000_000, 'x');
  await repository.putObject(testDomain, sha256(bytes), bytes);
  for (let i = 0; i < 10; i += 1) {
    await new Promise<void>((resolve, reject) => {
      const asking = request(objectUrl(bytes), (response) => {
        response.once('data', () => {
          asking.destroy();
          resolve();
        });
      });
      asking.on('error', reject);
      asking.end();
    });
  }
  assert.ok(await isClosedSoon(repository.objectPath(testDomain, sha256(bytes))));
});

test('who hangs up before the file is open leaves none behind either', async (t) => {
  const { repository } = await setUp(t);
  const handle = serveRepository(repository, { authorise: () => true });
  let served = 0;
  const server = await serveForTest(t, repository, (incoming, response) => {
    handle(incoming, response);
    response.destroy();
    served += 1;
    return true;
  });
  const url = `${server.url}/o/${testDomain}/${sha256(large)}`;
  for (let i = 0; i < 10; i += 1) await assert.rejects(ask(url));
  assert.equal(served, 10);
  assert.ok(await isClosedSoon(repository.objectPath(testDomain, sha256(large))));
});

test('ranges as RFC 9110 has them', () => {
  assert.equal(rangeOf(undefined, 10), null);
  assert.equal(rangeOf('bytes=0-1,3-4', 10), null);
  assert.equal(rangeOf('items=0-1', 10), null);
  assert.equal(rangeOf('bytes=5-3', 10), null);
  assert.equal(rangeOf('bytes=-', 10), null);
  assert.equal(rangeOf('bytes=-0', 10), 'unsatisfiable');
  assert.equal(rangeOf('bytes=10-', 10), 'unsatisfiable');
  assert.equal(rangeOf('bytes=0-', 0), 'unsatisfiable');
  assert.deepEqual(rangeOf('bytes=9-9999', 10), { start: 9, end: 10 });
  assert.deepEqual(rangeOf('bytes=-99', 10), { start: 0, end: 10 });
});
