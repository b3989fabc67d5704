import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { LinkLimit } from '@xylem/core';
import { testClock, waitUntil } from '@xylem/testkit';
import { silentLog } from '../log.ts';
import { LimitedLinks } from '../serving/index.ts';
import { createHttpClient, type HttpRequest } from './client.ts';

const rate = 8_000;
/** A quarter of a second may have been saved up. */
const savedBytes = rate / 4;

/** A parent that knows of no limit, and a client of a node that keeps its own. */
async function linked(t: TestContext, own: readonly LinkLimit[]) {
  const came = new Map<string, Buffer[]>();
  const ended: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = String(request.url);
    const pieces: Buffer[] = [];
    came.set(path, pieces);
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => undefined);
    request.on('end', () => {
      ended.push(path);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = testClock();
  const links = new LimitedLinks({ clock, log: silentLog, own });
  const http = createHttpClient({ turnsUp: (url) => links.up(url) });
  t.after(() => {
    http.close();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = async (path: string, body: HttpRequest['body'], more: Partial<HttpRequest> = {}) => {
    const answer = await http.request({ method: 'POST', url: url + path, body: body ?? '', ...more });
    answer.body.resume();
    return answer.status;
  };
  const bytesOf = (path: string): Buffer => Buffer.concat(came.get(path) ?? []);
  /** Rounds until it is so, each when all that may go has gone. */
  const pass = async (isSo: () => boolean, check: () => void = () => undefined): Promise<void> => {
    while (!isSo()) {
      await waitUntil(() => clock.sleepers() > 0 || isSo());
      await clock.advance(50);
      check();
    }
  };
  return { server, clock, links, post, bytesOf, ended, pass };
}

test('what is sent up goes no faster than the node’s own link may carry, all requests together, and whole', async (t) => {
  const { clock, post, bytesOf, ended, pass } = await linked(t, [{ up: rate }]);
  const text = 'é'.repeat(8_000);
  const bytes = Buffer.alloc(16_000, 'b');
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 9_000);
    yield bytes.subarray(9_000);
  }
  const paths = ['/reports', '/reports?2', '/reports?3'];
  const sent = Promise.all([
    post('/reports', text),
    post('/reports?2', bytes),
    post('/reports?3', stream(), { headers: { 'content-length': '16000' } }),
  ]);
  await pass(
    () => ended.length === 3,
    () => {
      const got = paths.reduce((sum, path) => sum + bytesOf(path).length, 0);
      assert.ok(got <= savedBytes + (rate * clock.monotonicMs()) / 1_000, `${got} at ${clock.monotonicMs()}`);
    },
  );
  assert.deepEqual(await sent, [200, 200, 200]);
  assert.equal(bytesOf('/reports').toString(), text);
  assert.deepEqual(bytesOf('/reports?2'), bytes);
  assert.deepEqual(bytesOf('/reports?3'), bytes);
  // Nothing was left unused either.
  assert.ok(clock.monotonicMs() <= (48_000 / rate) * 1_000 + 1_000, String(clock.monotonicMs()));
});

test('a renewal overtakes a batch of reports that is under way', async (t) => {
  const { post, bytesOf, ended, pass } = await linked(t, [{ up: rate }]);
  const batch = post('/reports', Buffer.alloc(40_000));
  await pass(() => bytesOf('/reports').length >= 8_000);
  const before = bytesOf('/reports').length;
  const renewal = post('/renew', Buffer.alloc(4_000));
  await pass(() => ended.includes('/renew'));
  assert.ok(bytesOf('/reports').length - before <= 3_000, String(bytesOf('/reports').length - before));
  await pass(() => ended.includes('/reports'));
  assert.deepEqual(await Promise.all([batch, renewal]), [200, 200]);
});

test('who holds its own body up does not blame the parent, and gives up with whoever asked', async (t) => {
  const { server, post, ended, pass, clock } = await linked(t, [{ up: rate }]);
  const quiet = new Promise<void>((resolve) => {
    server.setTimeout(400, () => resolve());
  });
  // Time stands still, so that the rest of the body has to wait: longer than any silence is borne.
  const sent = post('/reports', Buffer.alloc(4_000), { idleTimeoutMs: 100 });
  await quiet;
  await pass(() => ended.length === 1);
  assert.equal(await sent, 200);

  const stop = new AbortController();
  const broken = post('/reports', Buffer.alloc(40_000), { signal: stop.signal });
  await waitUntil(() => clock.sleepers() > 0);
  stop.abort();
  await assert.rejects(broken);
  await clock.advance(200);
  assert.equal(clock.sleepers(), 0);
});

test('a limit by the hour ends for what is under way, and direction’s word counts beside the node’s own', async (t) => {
  const times = { from: '03:00', to: '04:00', zone: 'UTC' };
  const { links, post, ended, clock, pass } = await linked(t, [{ up: 20_000, times }]);
  await import('@xylem/core/windows');
  links.direct([{ up: rate }]);
  assert.equal(links.upNow(), rate);
  links.direct([]);
  // The calendar is there by now.
  await waitUntil(() => links.upNow() === 20_000);
  const sent = post('/reports', Buffer.alloc(10_000_000));
  await waitUntil(() => clock.sleepers() > 0);
  clock.leapTo(Date.parse('2026-11-21T04:00:00Z'));
  assert.equal(links.upNow(), null);
  await pass(() => ended.length === 1);
  assert.equal(await sent, 200);
  assert.ok(clock.monotonicMs() <= 1_000, String(clock.monotonicMs()));
});

test('a fast link is used to the full, also by what comes in small pieces', async (t) => {
  const { clock, post, bytesOf, ended, pass } = await linked(t, [{ up: 10_000_000 }]);
  const piece = Buffer.alloc(16_000, 'p');
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < 250; n += 1) yield piece;
  }
  const sent = post('/reports', stream(), { headers: { 'content-length': '4000000' } });
  await pass(() => ended.length === 1);
  assert.equal(await sent, 200);
  assert.equal(bytesOf('/reports').length, 4_000_000);
  assert.ok(clock.monotonicMs() >= 150 && clock.monotonicMs() <= 700, `${clock.monotonicMs()} ms`);
});
