import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { sha256, XylemError } from '@xylem/core';
import { clientForTest, makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { noise } from '../testing/folder.ts';
import { failover } from './failover.ts';
import { httpSource } from './http-source.ts';
import type { ObjectSource, SourceRequest } from './object-source.ts';
import { readWhole } from './read.ts';
import { repositorySource } from './repository-source.ts';

const bytes = noise('source', 300_000);
const path = `o/${testDomain}/${sha256(bytes)}`;
const hasCode = (code: string) => (error: unknown) =>
  error instanceof XylemError && error.code === code && error.retry === 'elsewhere';

async function body(source: ObjectSource, request: SourceRequest): Promise<Buffer> {
  const answer = await source.get(path, request);
  assert.equal(answer.status, 'found');
  const pieces: Buffer[] = [];
  if (answer.status === 'found') for await (const piece of answer.body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** What every ObjectSource does. */
function contract(name: string, make: (t: TestContext) => Promise<ObjectSource>): void {
  test(`${name}: gives whole files and ranges of them`, async (t) => {
    const source = await make(t);
    assert.deepEqual(await body(source, {}), bytes);
    for (const [offset, length] of [
      [0, 1],
      [1, 70_000],
      [299_999, 1],
      [299_990, 100],
      [100_000, undefined],
    ] as const) {
      const request = length === undefined ? { offset } : { offset, length };
      const end = length === undefined ? bytes.length : offset + length;
      assert.deepEqual(await body(source, request), bytes.subarray(offset, end), `${offset} ${length}`);
    }
  });

  test(`${name}: says when there is nothing, or nothing new`, async (t) => {
    const source = await make(t);
    assert.deepEqual(await source.get(`o/${testDomain}/${'0'.repeat(64)}`), { status: 'missing' });
    const answer = await source.get(path);
    assert.equal(answer.status, 'found');
    if (answer.status !== 'found') return;
    answer.body.resume();
    assert.equal(answer.totalBytes, bytes.length);
    assert.deepEqual(await source.get(path, { ifNoneMatch: answer.etag! }), { status: 'unchanged' });
  });

  test(`${name}: is bounded`, async (t) => {
    const source = await make(t);
    await assert.rejects(readWhole(source, path, bytes.length - 1), hasCode('E_TOO_LARGE'));
    assert.equal((await readWhole(source, path, bytes.length)).length, bytes.length);
  });
}

async function filled(t: TestContext) {
  const { repository } = await makeFixture(t);
  await repository.putObject(testDomain, sha256(bytes), bytes);
  return repository;
}

contract('repositorySource', async (t) => repositorySource(await filled(t)));
contract('httpSource', async (t) => {
  const server = await serveForTest(t, await filled(t));
  return httpSource(clientForTest(t), server.url);
});

/** A server that ignores Range, as RFC 9110 allows. */
contract('httpSource without ranges', async (t) => {
  const server = await serveForTest(t, await filled(t), (request) => {
    delete request.headers.range;
    return false;
  });
  return httpSource(clientForTest(t), `${server.url}/`);
});

test('statuses and broken lines are coded errors to be tried elsewhere', async (t) => {
  let status = 500;
  const server = createServer((_request, response) => {
    if (status === 0) response.socket?.destroy();
    else response.writeHead(status, { location: 'http://elsewhere/' }).end('x'.repeat(100_000));
  });
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const source = httpSource(clientForTest(t), `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (status of [500, 503, 0]) await assert.rejects(source.get(path), hasCode('E_PARENT_UNREACHABLE'));
  for (status of [401, 403, 302]) await assert.rejects(source.get(path), hasCode('E_PARENT_REFUSED'));
  status = 404;
  assert.deepEqual(await source.get(path), { status: 'missing' });
});

test('an answer that is let go unread ends its connection', async (t) => {
  const repository = await filled(t);
  let closed = 0;
  const server = await serveForTest(t, repository, (_request, response) => {
    response.on('close', () => (closed += 1));
    response.writeHead(200, { 'content-length': 1e9 }).write(bytes);
    return true;
  });
  const answer = await httpSource(clientForTest(t), server.url).get(path, { offset: 5, length: 10 });
  assert.equal(answer.status, 'found');
  if (answer.status === 'found') answer.body.destroy();
  const deadline = Date.now() + 5000;
  while (closed === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(closed, 1);
});

test('a server that answers another range is not believed', async (t) => {
  const server = await serveForTest(t, await filled(t), (_request, response) => {
    response
      .writeHead(206, { 'content-range': 'bytes 0-9/300000', 'content-length': 10 })
      .end(bytes.subarray(0, 10));
    return true;
  });
  const source = httpSource(clientForTest(t), server.url);
  await assert.rejects(source.get(path, { offset: 5, length: 10 }), hasCode('E_NETWORK'));
});

test('failover: the first that is able, the failed ones last, and back after a while', async () => {
  let now = 0;
  const clock = { now: () => now, monotonicMs: () => now, sleep: async () => undefined };
  const named = (name: string): ObjectSource => ({ name, get: async () => ({ status: 'missing' }) });
  const faults: string[] = [];
  const choice = failover([named('a'), named('b'), named('c')], {
    clock,
    onFault: (name, { code }) => faults.push(`${name} ${code}`),
  });
  const asked: string[] = [];
  const attempt = (broken: Record<string, XylemError>): Promise<string> => {
    asked.length = 0;
    return choice.attempt('x', async ({ name }) => {
      asked.push(name);
      if (broken[name] !== undefined) throw broken[name];
      return name;
    });
  };
  const dead = new XylemError('E_PARENT_UNREACHABLE', 'dead');
  const lie = new XylemError('E_OBJECT_DIGEST', 'lie');
  const missing = new XylemError('E_OBJECT_MISSING', 'missing');
  assert.equal(await attempt({ a: dead }), 'b');
  assert.equal(await attempt({}), 'b');
  now = 1001;
  assert.equal(await attempt({}), 'a');
  assert.equal(await attempt({ a: lie, b: missing }), 'c');
  assert.deepEqual(faults, ['a E_PARENT_UNREACHABLE', 'a E_OBJECT_DIGEST']);
  // A minute for a lie, twice as long since it was its second fault.
  now += 119_000;
  assert.equal(await attempt({}), 'b');
  now += 2000;
  assert.equal(await attempt({}), 'a');
  await assert.rejects(attempt({ a: dead, b: lie, c: missing }), lie);
  assert.deepEqual(asked, ['a', 'b', 'c']);
  const mine = new XylemError('E_DISK_FULL', 'full');
  await assert.rejects(attempt({ c: mine }), mine);
  assert.deepEqual(asked, ['c']);
  const none = failover([], { clock });
  await assert.rejects(
    none.attempt('x', async () => 1),
    hasCode('E_OBJECT_MISSING'),
  );
});
