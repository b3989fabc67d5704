import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeTaken } from '@xylem/core';
import { type HttpClient, silentLog, systemRandomness } from '@xylem/platform';
import { removeLater, tempFolder, testClock, waitUntil } from '@xylem/testkit';
import { type RootFront, rootFront } from '@xylem/testkit/builders';
import { relayTiming } from '../defaults.ts';
import { spooledReport } from '../testing/reports.ts';
import { clientOf, snapshotAt, startRelay, type World, world } from '../testing/world.ts';
import { Forwarder } from './forwarder.ts';
import { Spool } from './spool.ts';

const report = spooledReport(1, 1);
const nothing = encodeTaken({ format: 'xylem-taken-1', watermarks: [] });

/** The forwarder of a relay below these parents, by a clock that the test moves. */
async function below(t: TestContext, { installation, production }: World, parents: readonly string[]) {
  const clock = testClock();
  const serves = [production.id];
  const client = clientOf(t, await installation.join(production, { parents, serves })).http;
  let asking = 0;
  const request: HttpClient['request'] = async (wanted) => {
    asking += 1;
    const over = (): void => {
      asking -= 1;
    };
    const answer = await client.request(wanted).catch((error: unknown) => {
      over();
      throw error;
    });
    answer.body.once('close', over);
    return answer;
  };
  const http = { ...client, request };
  const folder = await tempFolder(t, 'spool');
  const collectorKeys = () => [installation.collector.public];
  const spool = await Spool.open({ folder, log: silentLog, clock, collectorKeys });
  const stop = new AbortController();
  const of = { spool, http, clock, log: silentLog, randomness: systemRandomness, signal: stop.signal };
  const forwarder = new Forwarder({
    ...of,
    parents: () => parents,
    timing: relayTiming,
    upNow: () => null,
    onFault: () => undefined,
    onTaken: () => undefined,
  });
  await spool.take([report]);
  const running = forwarder.run();
  removeLater(t, async () => {
    stop.abort();
    await running;
    await spool.close();
  });
  /** No time passes while it asks. */
  const pass = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await waitUntil(async () => {
      if (asking > 0) return false;
      await clock.advance(0);
      return asking === 0 && clock.sleepers() > 0;
    });
  };
  const passUntil = async (condition: () => boolean, mostMs = 3_600_000): Promise<number> => {
    const begunMs = clock.monotonicMs();
    while (!condition()) {
      assert.ok(clock.monotonicMs() - begunMs < mostMs, condition.toString());
      await pass(500);
    }
    return clock.monotonicMs() - begunMs;
  };
  return { spool, pass, passUntil };
}

/** Takes reports and passes none on. It has no watermarks to tell, or is of before and knows no such question. */
function passesNothingOn(front: RootFront, { isOlder = false } = {}): void {
  front.intercept(({ url }, response) => {
    if (url !== '/reports' && (url !== '/watermarks' || isOlder)) return false;
    response.writeHead(url === '/reports' ? 202 : 200).end(nothing);
    return true;
  });
}

const asked = ({ requests }: RootFront): string[] => requests.map((one) => one.replace('POST /', ''));
const [send, look] = ['reports', 'watermarks'];

test('a parent that took a report is asked twice before it is sent again, and then another one gets it', async (t) => {
  const made = await world(t);
  const other = await rootFront(t, made.installation);
  passesNothingOn(made.root);
  const { spool, passUntil } = await below(t, made, [made.root.url, other.url]);
  const tookMs = await passUntil(() => spool.size === 0);
  assert.deepEqual(asked(made.root), [send, look, look, send, look, look]);
  assert.deepEqual(asked(other), [send]);
  assert.ok(tookMs <= 92_000, String(tookMs));
});

test('a parent that knows no looks gets the report again at once, and is asked again after ten minutes', async (t) => {
  const made = await world(t);
  passesNothingOn(made.root, { isOlder: true });
  const { passUntil } = await below(t, made, [made.root.url]);
  const tookMs = await passUntil(() => made.root.requests.length === 3);
  assert.deepEqual(asked(made.root), [send, look, send]);
  assert.ok(tookMs < 10_000, String(tookMs));
  const looks = (): number => asked(made.root).filter((one) => one === look).length;
  const withoutMs = await passUntil(() => looks() === 2);
  assert.ok(withoutMs > 500_000, String(withoutMs));
});

test('a parent that knew no looks and could not be reached meanwhile is asked again', async (t) => {
  const made = await world(t);
  passesNothingOn(made.root, { isOlder: true });
  const { passUntil } = await below(t, made, [made.root.url]);
  await passUntil(() => made.root.requests.length === 3);
  let isGone = true;
  made.root.intercept(({ socket }) => {
    socket.destroy();
    return isGone;
  });
  const before = made.root.requests.length;
  await passUntil(() => made.root.requests.length > before);
  isGone = false;
  passesNothingOn(made.root);
  await passUntil(() => asked(made.root).filter((one) => one === look).length === 2, 300_000);
});

for (const [how, answer] of Object.entries({
  'is gone': null,
  'answers a look with a fault': 503,
  'answers a look with what is none': 200,
}))
  test(`what was taken by a parent that ${how} is sent to another one at once`, async (t) => {
    const made = await world(t);
    const other = await rootFront(t, made.installation);
    passesNothingOn(made.root);
    const { spool, passUntil } = await below(t, made, [made.root.url, other.url]);
    await passUntil(() => made.root.requests.length === 1);
    made.root.intercept(({ url, socket }, response) => {
      const status = url === '/watermarks' ? answer : 503;
      if (status === null) socket.destroy();
      else response.writeHead(status).end('{}');
      return true;
    });
    const tookMs = await passUntil(() => spool.size === 0);
    assert.ok(tookMs < 10_000, String(tookMs));
    assert.deepEqual(asked(other), [send]);
  });

test('a report that a relay lost with its disk is sent again, after two looks that found nothing', async (t) => {
  const made = await world(t);
  const { installation, production, root } = made;
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const upper = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(upper, production.id) > 0);
  root.intercept(({ url }, response) => url === '/reports' && Boolean(response.writeHead(503).end()));
  const { spool, passUntil } = await below(t, made, [upper.url]);
  await passUntil(() => upper.status().spooledReports === 1);
  await upper.close();
  await rm(join(joined.stateFolder, 'relay'), { recursive: true });
  root.intercept(null);
  const again = await startRelay(t, joined, { listen: { host: '127.0.0.1', port: upper.port } });
  await waitUntil(() => snapshotAt(again, production.id) > 0);
  await passUntil(() => root.reports.size === 1 && again.status().spooledReports === 0);
  await passUntil(() => spool.size === 0);
});
