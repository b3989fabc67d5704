import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createHttpClient, pacedHeader, readBody, silentLog } from '@xylem/platform';
import { LimitedLinks } from '@xylem/platform/serving';
import { testClock, waitUntil } from '@xylem/testkit';
import { httpSource } from './http-source.ts';
import { inBackground } from './in-background.ts';
import { asChoice } from './object-source.ts';
import { pacedSource } from './paced-source.ts';

async function listening(t: TestContext, handle: RequestListener): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('what comes from a parent comes as fast as the link may carry, whole, and ends with its reader', async (t) => {
  const bytes = Buffer.alloc(200_000, 'x');
  const url = await listening(t, (_request, response) => response.end(bytes));
  const http = createHttpClient();
  t.after(() => http.close());
  const clock = testClock();
  const links = new LimitedLinks({ clock, log: silentLog, own: [{ down: 50_000 }] });
  const source = pacedSource(httpSource(http, url), (isBackground) => links.down(isBackground));
  const read = async () => {
    const answer = await source.get('o/x');
    assert.equal(answer.status, 'found');
    return (answer as { body: import('node:stream').Readable }).body;
  };
  const body = await read();
  let got = 0;
  body.on('data', (piece: Buffer) => {
    got += piece.length;
  });
  const ended = once(body, 'end');
  for (let round = 1; got < bytes.length; round += 1) {
    await waitUntil(() => clock.sleepers() > 0 || got === bytes.length);
    await clock.advance(50);
    // A quarter of a second may have been saved up.
    assert.ok(got <= 12_500 + round * 2_500, `${got} in round ${round}`);
  }
  await ended;
  assert.ok(clock.monotonicMs() >= 3_700, String(clock.monotonicMs()));

  const broken = await read();
  broken.on('error', () => undefined).resume();
  await waitUntil(() => clock.sleepers() > 0);
  broken.destroy();
  await clock.advance(200);
  assert.equal(clock.sleepers(), 0);
});

test('a fast link is used to the full, by one answer and by many small ones', async (t) => {
  for (const [down, size, answers] of [
    [1_000_000, 1_000_000, 1],
    [12_000_000, 12_000_000, 1],
    [100_000_000, 50_000_000, 1],
    [12_000_000, 20_000, 300],
  ] as const) {
    const bytes = Buffer.alloc(size, 'x');
    const url = await listening(t, (_request, response) => response.end(bytes));
    const http = createHttpClient();
    t.after(() => http.close());
    const clock = testClock();
    const links = new LimitedLinks({ clock, log: silentLog, own: [{ down }] });
    const source = pacedSource(httpSource(http, url), (isBackground) => links.down(isBackground));
    let ended = 0;
    const read = async (): Promise<void> => {
      const answer = await source.get('o/x');
      assert.equal(answer.status, 'found');
      await readBody((answer as { body: import('node:stream').Readable }).body, size, 'x');
      ended += 1;
    };
    const all = Promise.all(Array.from({ length: answers }, read));
    while (ended < answers) {
      await waitUntil(() => clock.sleepers() > 0 || ended === answers);
      await clock.advance(50);
    }
    await all;
    const dueMs = (size * answers * 1_000) / down;
    const tookMs = clock.monotonicMs();
    assert.ok(tookMs > dueMs - 300 && tookMs < dueMs * 1.3 + 300, `${answers} x ${size}: ${tookMs} ms`);
  }
});

test('a background request says so, and any other does not', async (t) => {
  const said: (string | undefined)[] = [];
  const url = await listening(t, ({ headers }, response) => {
    said.push(headers.priority as string | undefined);
    response.end('x');
  });
  const http = createHttpClient();
  t.after(() => http.close());
  const source = asChoice(httpSource(http, url));
  for (const choice of [source, inBackground(source)]) {
    await choice.attempt('o/x', async (one) => {
      const answer = await one.get('o/x');
      if (answer.status === 'found') await readBody(answer.body, 10, 'x');
    });
  }
  assert.deepEqual(said, [undefined, 'u=6']);
});

test('a parent that says that it holds its answer up is not left for that', async (t) => {
  const url = await listening(t, (request, response) => {
    const isPaced = request.url?.endsWith('paced') === true;
    response.writeHead(200, { 'content-length': 400, ...(isPaced ? { [pacedHeader]: '1' } : {}) });
    let sent = 0;
    const timer = setInterval(() => {
      sent += 10;
      response.write('x'.repeat(10));
      if (sent === 400) response.end();
    }, 10);
    response.on('close', () => clearInterval(timer));
  });
  const http = createHttpClient({ slowest: { bytesPerSecond: 1_000_000, overMs: 50 } });
  t.after(() => http.close());
  const ask = async (path: string): Promise<number> => {
    const { body } = await http.request({ method: 'GET', url: `${url}/${path}` });
    return (await readBody(body, 1_000, path)).length;
  };
  assert.equal(await ask('paced'), 400);
  await assert.rejects(ask('other'), { code: 'E_PARENT_UNREACHABLE' });
});

test('who does not read does not blame who sends', async (t) => {
  const url = await listening(t, (_request, response) => response.end(Buffer.alloc(3_000_000)));
  const http = createHttpClient();
  t.after(() => http.close());
  const { body } = await http.request({ method: 'GET', url, idleTimeoutMs: 1_000 });
  await once(body.socket, 'timeout');
  assert.equal((await readBody(body, 4_000_000, 'x')).length, 3_000_000);
});
