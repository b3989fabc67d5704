import assert from 'node:assert/strict';
import { get } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type EnvironmentId, type NewsFile, parseNews, XylemError } from '@xylem/core';
import { systemClock, systemRandomness } from '@xylem/platform';
import { httpSource } from '../source/http-source.ts';
import { repositorySource } from '../source/repository-source.ts';
import { clientForTest, makeFixture, serveForTest } from '../testing/fixture.ts';
import { readNewsFile, writeNewsFiles } from './file.ts';
import { type NewsHubOptions, newsHub } from './hub.ts';

const one = '1'.repeat(32) as EnvironmentId;
const two = '2'.repeat(32) as EnvironmentId;
const secret = '3'.repeat(32) as EnvironmentId;

async function setUp(t: TestContext, options: Partial<NewsHubOptions> = {}) {
  const { repository } = await makeFixture(t);
  const hub = newsHub(repository, { clock: systemClock, randomness: systemRandomness, ...options });
  t.after(() => hub.close());
  const server = await serveForTest(t, repository, (request, response) => {
    hub.handle(request, response, (environment) => environment !== secret);
    return true;
  });
  let version = 0;
  const renew = (environment: EnvironmentId, snapshot: number): Promise<void> => {
    version += 1;
    const signed = { meta: { 'snapshot.json': { version: snapshot } }, version };
    return repository.putFile(`r/${environment}/metadata/timestamp.json`, JSON.stringify({ signed }));
  };
  const ask = (since: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      get(`${server.url}/news?since=${since}`, (response) => {
        let text = '';
        response.on('data', (piece) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      }).on('error', reject);
    });
  const news = async (since: string) => parseNews((await ask(since)).text).changed;
  const held = (count: number): Promise<void> => waitUntil(() => server.requests.length >= count);
  return { hub, renew, ask, news, held, server };
}

async function waitUntil(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!isSo()) {
    assert.ok(Date.now() < deadline, 'waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('what is newer is answered at once, with the timestamp', async (t) => {
  const { renew, news } = await setUp(t);
  await renew(one, 5);
  await renew(two, 7);
  const [first, ...more] = await news(`${one}.4,${two}.7`);
  assert.deepEqual(more, []);
  assert.equal(first?.environment, one);
  assert.equal(first?.snapshot, 5);
  const timestamp = JSON.parse(Buffer.from(first?.timestamp ?? '', 'base64url').toString()) as object;
  assert.deepEqual(timestamp, { signed: { meta: { 'snapshot.json': { version: 5 } }, version: 1 } });
});

test('a held request is woken by its environment alone, all at once', async (t) => {
  const { hub, renew, news, held } = await setUp(t);
  await renew(one, 1);
  await renew(two, 1);
  const answers: string[] = [];
  const waiting = Array.from({ length: 20 }, async (_, i) => {
    const changed = await news(i % 2 === 0 ? `${one}.1` : `${two}.1`);
    answers.push(`${i % 2} ${changed.map(({ snapshot }) => snapshot).join()}`);
  });
  await held(20);
  await renew(two, 2);
  hub.announce(two);
  await waitUntil(() => answers.length === 10);
  assert.deepEqual(new Set(answers), new Set(['1 2']));
  await renew(one, 3);
  hub.announce(one);
  await Promise.all(waiting);
  assert.equal(answers.length, 20);
});

test('an announcement without anything newer wakes nobody; the end of the hold asks to ask again', async (t) => {
  const { hub, renew, news, held } = await setUp(t, { holdMs: 300 });
  await renew(one, 1);
  const waiting = news(`${one}.1`);
  await held(1);
  hub.announce(one);
  assert.deepEqual(await waiting, []);
});

test('environments that are not the node’s are as if they were not there', async (t) => {
  const { hub, renew, news, held } = await setUp(t, { holdMs: 300 });
  await renew(secret, 9);
  const waiting = news(`${secret}.0`);
  await held(1);
  hub.announce(secret);
  assert.deepEqual(await waiting, []);
});

test('malformed cursors are refused, and beyond the limit nobody is held', async (t) => {
  let holds = 0;
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    holds += 1;
    return systemClock.sleep(ms, signal);
  };
  const { hub, renew, ask } = await setUp(t, { maxHeld: 1, clock: { ...systemClock, sleep } });
  await renew(one, 1);
  for (const since of ['', 'x', `${one}`, `${one}.01`, `${one}.-1`, `${one}.1,`]) {
    assert.equal((await ask(since)).status, 400, since);
  }
  const first = ask(`${one}.1`);
  await waitUntil(() => holds === 1);
  assert.equal((await ask(`${one}.1`)).status, 503);
  hub.close();
  assert.deepEqual(parseNews((await first).text).changed, []);
  assert.equal((await ask(`${one}.1`)).status, 503);
});

test('news files: written, found, bounded to the last eight, refused when they are something else', async (t) => {
  const { repository } = await makeFixture(t);
  const server = await serveForTest(t, repository);
  const source = httpSource(clientForTest(t), server.url);
  const clock = systemClock;
  const file = (from: number, to: number): NewsFile => ({
    format: 'xylem-news-file-1',
    environment: one,
    from,
    to,
    files: { [`r/${one}/metadata/${to}.snapshot.json`]: '{}' },
    absent: [`r/${one}/metadata/2.root.json`],
  });
  assert.equal(await readNewsFile(source, one, 1, 12, { clock }), null);
  async function* filesTo(to: number): AsyncIterable<NewsFile> {
    for (let from = 1; from < to; from += 1) yield file(from, to);
  }
  await writeNewsFiles(repository, one, 11, filesTo(11));
  assert.equal((await repository.listFiles(`news/${one}`)).length, 8);
  await writeNewsFiles(repository, one, 12, filesTo(12));
  assert.deepEqual(await readNewsFile(source, one, 11, 12, { clock }), file(11, 12));
  assert.equal(await readNewsFile(source, one, 3, 12, { clock }), null);
  assert.equal((await repository.listFiles(`news/${one}`)).length, 8);
  const swapped = (await repository.readFile(`news/${one}/10-12`)) ?? '';
  await repository.putFile(`news/${one}/11-12`, swapped);
  const refused = (error: unknown): boolean =>
    error instanceof XylemError && error.code === 'E_DOCUMENT_INVALID' && error.retry === 'elsewhere';
  await assert.rejects(readNewsFile(repositorySource(repository), one, 11, 12, { clock }), refused);
  await repository.putFile(`news/${one}/11-12`, 'garbage');
  await assert.rejects(readNewsFile(source, one, 11, 12, { clock }), refused);
});

test('who last heard otherwise of the disk is told at once, who says nothing of it with the next answer', async (t) => {
  let fullForMs: number | null = null;
  const { hub, ask, held, server } = await setUp(t, { fullForMs: () => fullForMs });
  const full = async (query: string) => parseNews((await ask(`${one}.5${query}`)).text).fullForMs;
  const [knows, old] = [full('&full=0'), full('')];
  await held(2);
  assert.equal(await full('&full=1'), undefined, 'it is not full');
  fullForMs = 700.4;
  hub.announceFullness();
  assert.equal(await knows, 700);
  assert.equal(await full('&full=0'), 700);
  const told = full('&full=1');
  const count = server.requests.length;
  await held(count + 1);
  fullForMs = null;
  hub.announceFullness();
  assert.equal(await told, undefined);
  fullForMs = 5;
  hub.close();
  assert.equal(await old, 5);
});
