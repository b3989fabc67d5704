import assert from 'node:assert/strict';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { testClock, waitUntil } from '@xylem/testkit';
import { busiest, type LinkTraffic } from './busiest.ts';
import { expositionOf } from './exposition.ts';
import { RecentTraffic } from './recent.ts';
import { routeClassOf } from './route-class.ts';
import { ServingCounts } from './serving-counts.ts';

const id = '0'.repeat(32);
const digest = '1'.repeat(64);

async function served(t: TestContext, counts: ServingCounts) {
  const open: (() => void)[] = [];
  const handle = counts.counted(
    (socket) => (socket.remotePort === undefined ? null : 'h1'),
    (request, response) => {
      if (request.url?.startsWith('/news') === true) open.push(() => response.end());
      else if (request.url?.endsWith('half') === true) response.writeHead(200).write('x'.repeat(5_000));
      else response.writeHead(200, { 'content-length': 10_000 }).end('x'.repeat(10_000));
    },
  );
  const server = createServer(handle).listen(0, '127.0.0.1');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = (path: string, through: Agent | false = agent) => get(`${url}${path}`, { agent: through });
  const whole = (path: string): Promise<void> =>
    new Promise((resolve) =>
      ask(path).on('response', (answer) => answer.resume().on('end', () => resolve())),
    );
  return { ask, whole, open };
}

const lines = (counts: ServingCounts): string[] => expositionOf(counts.metrics()).split('\n');
const read = (counts: ServingCounts, sample: string): number =>
  Number(
    lines(counts)
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length + 1) ?? Number.NaN,
  );

test('requests are counted by class and status, bytes of one connection each once', async (t) => {
  const counts = new ServingCounts(testClock());
  const { whole, ask } = await served(t, counts);
  await whole(`/o/${id}/${digest}`);
  await whole(`/o/${id}/offers/${digest}`);
  await whole(`/o/${id}/offers/${digest}`);
  await waitUntil(() => read(counts, 'xylem_requests_total{class="offer",status="200"}') === 2);
  assert.equal(read(counts, 'xylem_requests_total{class="object",status="200"}'), 1);
  const [one, two] = [
    read(counts, 'xylem_sent_bytes_total{class="object"}'),
    read(counts, 'xylem_sent_bytes_total{class="offer"}'),
  ];
  assert.ok(one > 10_000 && one < 10_500, String(one));
  assert.equal(two, 2 * one);
  assert.equal(read(counts, 'xylem_connections'), 1);
  const [link] = counts.links();
  assert.deepEqual([link?.host, link?.hour.requests, link?.hour.sentBytes], ['h1', 3, one + two]);
  assert.deepEqual(link?.hour, link?.day);
  assert.ok((link?.hour.receivedBytes ?? 0) > 200);

  // What is under way shows before it has ended, and what broke off is no answer.
  const broken = ask('/r/half', false);
  broken.on('error', () => undefined);
  await waitUntil(() => read(counts, 'xylem_sent_bytes_total{class="metadata"}') > 5_000);
  assert.equal(read(counts, 'xylem_requests_open{class="metadata"}'), 1);
  broken.destroy();
  await waitUntil(() => read(counts, 'xylem_requests_total{class="metadata",status="aborted"}') === 1);
  await waitUntil(() => read(counts, 'xylem_connections') === 1);
});

test('held news requests are the open ones of their class', async (t) => {
  const counts = new ServingCounts(testClock());
  const { ask, open } = await served(t, counts);
  for (const path of ['/news?since=a', '/news?since=b'])
    ask(path, false).on('response', (answer) => answer.resume());
  await waitUntil(() => open.length === 2);
  assert.equal(read(counts, 'xylem_requests_open{class="news"}'), 2);
  for (const end of open) end();
  await waitUntil(() => read(counts, 'xylem_requests_open{class="news"}') === 0);
  assert.equal(read(counts, 'xylem_requests_total{class="news",status="200"}'), 2);
});

test('an hour and a day pass, whatever was carried long ago', () => {
  const recent = new RecentTraffic();
  const hourMs = 3_600_000;
  const startMs = 1_000_000 * hourMs;
  recent.add(startMs, { requests: 1, sentBytes: 100, receivedBytes: 10 });
  recent.add(startMs + 0.9 * hourMs, { requests: 1, sentBytes: 1, receivedBytes: 0 });
  assert.deepEqual(recent.at(startMs + 0.9 * hourMs).hour, {
    requests: 2,
    sentBytes: 101,
    receivedBytes: 10,
  });
  assert.equal(recent.at(startMs + 1.5 * hourMs).hour.sentBytes, 1);
  assert.equal(recent.at(startMs + 23 * hourMs).day.sentBytes, 101);
  assert.equal(recent.at(startMs + 26 * hourMs).day.sentBytes, 0);
  recent.add(startMs + 500 * hourMs, { requests: 1, sentBytes: 7, receivedBytes: 0 });
  assert.deepEqual(recent.at(startMs + 500 * hourMs).hour, { requests: 1, sentBytes: 7, receivedBytes: 0 });
});

test('of many links the busiest stand for themselves, and the rest together', () => {
  const link = (host: string | null, sentBytes: number): LinkTraffic => {
    const traffic = { requests: 1, sentBytes, receivedBytes: 2 };
    return { host, hour: traffic, day: traffic };
  };
  const links = [link('a', 5), link('b', 500), link('c', 50), link(null, 7)];
  assert.deepEqual(
    busiest(links, 2).map(({ host, day }) => [host, day.sentBytes, day.requests]),
    [
      ['b', 500, 1],
      ['c', 50, 1],
      [null, 12, 2],
    ],
  );
  assert.deepEqual(busiest(links.slice(0, 2), 2), [link('b', 500), link('a', 5)]);
  assert.deepEqual(busiest([], 2), []);
});

test('every path of the specification has its class', () => {
  const classes = Object.entries({
    [`/o/${id}/${digest}`]: 'object',
    [`/o/${id}/offers/${digest}`]: 'offer',
    [`/r/${id}/metadata/timestamp.json`]: 'metadata',
    [`/news/${id}/3-4`]: 'metadata',
    [`/news?since=${id}.3`]: 'news',
    '/watermarks': 'report',
    [`/watermarks/${id}`]: 'report',
    '/reports': 'report',
    '/join': 'join',
    '/renew': 'join',
    '/parents': 'parents',
    '/metrics': 'metrics',
    '/api/v1/hosts': 'api',
    '/': 'other',
  });
  for (const [url, expected] of classes) assert.equal(routeClassOf(url), expected, url);
});

test('a label may hold anything', () => {
  const samples = [{ labels: { a: 'x"\\\ny' }, value: 1 }];
  const text = expositionOf([{ name: 'm', type: 'gauge', help: 'h', samples }]);
  assert.equal(text, '# HELP m h\n# TYPE m gauge\nm{a="x\\"\\\\\\ny"} 1\n');
});
