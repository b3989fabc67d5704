import assert from 'node:assert/strict';
import { mkdir, open } from 'node:fs/promises';
import { createServer, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { LinkLimit } from '@xylem/core';
import { pacedHeader, silentLog } from '@xylem/platform';
import { backgroundPriority, isBackground, LimitedLinks } from '@xylem/platform/serving';
import { type TestClock, testClock } from '@xylem/testkit';
import { makeFixture, testDomain } from '../testing/fixture.ts';
import { serveRepository } from './serve.ts';

const roundMs = 50;
const huge = 'a'.repeat(64);
const hugeBytes = 400_000_000;

interface Child {
  /** Bytes that it was given so far, and those of them that have come. */
  readonly got: () => number;
  readonly came: () => number;
  /** Stands in line for its part of the link. */
  readonly waits: () => boolean;
}

/** A server over a large object of zeros, whose time passes round by round, when all who can wait do. */
async function served(t: TestContext, limits: readonly LinkLimit[], clock: TestClock = testClock()) {
  const { repository } = await makeFixture(t);
  const path = `${repository.folder}/o/${testDomain}/${huge}`;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  await file.truncate(hugeBytes);
  await file.close();
  await repository.putFile(`r/${testDomain}/metadata/1.root.json`, ' '.repeat(60_000));
  const links = new LimitedLinks({ clock, log: silentLog, own: limits });
  const waiting = new Map<string, number>();
  const given = new Map<string, number>();
  const files = serveRepository(repository, {
    authorise: () => true,
    turnsOf: ({ headers }) => {
      const name = String(headers['x-child']);
      const turns = links.serve(name, isBackground(headers.priority));
      const count = (by: number): void => void waiting.set(name, (waiting.get(name) ?? 0) + by);
      return turns === null
        ? null
        : {
            spend: turns.spend,
            take: async (bytes, signal) => {
              count(1);
              const taken = await turns.take(bytes, signal).finally(() => count(-1));
              given.set(name, (given.get(name) ?? 0) + taken);
              return taken;
            },
          };
    },
  });
  const server = createServer((request, response) => void files(request, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const answer = (
    headers: Record<string, string>,
    what = `/o/${testDomain}/${huge}`,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => get(url + what, { headers, agent: false }, resolve).on('error', reject));
  const child = async (name: string, headers: Record<string, string> = {}): Promise<Child> => {
    const body = await answer({ 'x-child': name, ...headers });
    let came = 0;
    body.on('data', (piece: Buffer) => {
      came += piece.length;
    });
    body.on('error', () => undefined);
    return { came: () => came, got: () => given.get(name) ?? 0, waits: () => (waiting.get(name) ?? 0) > 0 };
  };
  const pass = async (rounds: number, ready: () => boolean): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      await until(ready);
      await clock.advance(roundMs);
    }
    await until(ready);
  };
  return { links, child, answer, pass, port, clock };
}

async function until(ready: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!ready()) {
    assert.ok(performance.now() < deadline, 'not in time');
    await turn();
  }
}

const all =
  (...children: readonly Child[]) =>
  (): boolean =>
    children.every((child) => child.waits());

const near = (value: number, expected: number): void =>
  assert.ok(Math.abs(value - expected) < expected * 0.1 + 1_000, `${value} is not about ${expected}`);

test('three children have equal parts of a link, one with two requests no more than the others', async (t) => {
  const { child, pass, answer } = await served(t, [{ serve: 300_000 }]);
  const [a, b, c, c2] = [await child('a'), await child('b'), await child('c'), await child('c')];
  await pass(100, all(a, b, c));
  for (const one of [a, b, c]) near(one.got(), 500_000);
  await until(() => [a, b].every((one) => one.came() === one.got()));
  await until(() => c.came() + c2.came() === c.got() && c2.came() > 0);
  const { headers } = await answer({ 'x-child': 'd' });
  assert.equal(headers[pacedHeader], '1');
});

test('a child that reads nothing holds back nobody’s part', async (t) => {
  const { child, pass, port, clock } = await served(t, [{ serve: 40_000_000 }]);
  const dead = createConnection(port, '127.0.0.1').pause();
  t.after(() => dead.destroy());
  dead.write(`GET /o/${testDomain}/${huge} HTTP/1.1\r\nhost: x\r\nx-child: dead\r\n\r\n`);
  const [a, b] = [await child('a'), await child('b')];
  // Until all buffers between here and there are full.
  await pass(20, all(a, b));
  const before = [a.got(), b.got(), clock.monotonicMs()] as const;
  await pass(20, all(a, b));
  const fullBytes = ((clock.monotonicMs() - before[2]) * 40_000_000) / 1_000;
  near(a.got() - before[0], fullBytes / 2);
  near(b.got() - before[1], fullBytes / 2);
});

test('what is urgent overtakes a background transfer under way', async (t) => {
  const { child, pass } = await served(t, [{ serve: 200_000 }]);
  const ahead = await child('a', { priority: backgroundPriority });
  await pass(20, all(ahead));
  near(ahead.got(), 200_000);
  const before = ahead.got();
  const urgent = await child('b');
  await pass(40, all(ahead, urgent));
  assert.ok(urgent.got() > 350_000, String(urgent.got()));
  assert.ok(ahead.got() - before < 50_000 && ahead.got() > before, String(ahead.got() - before));
});

test('a limit that is changed or taken away counts for what is under way', async (t) => {
  const { links, child, pass } = await served(t, [{ serve: 2_000_000, each: 400_000 }]);
  const a = await child('a');
  await pass(20, all(a));
  near(a.got(), 400_000);
  links.direct([{ each: 100_000 }]);
  const before = a.got();
  await pass(20, all(a));
  near(a.got() - before, 100_000);
  links.direct([]);
  const slow = a.got();
  await pass(20, all(a));
  near(a.got() - slow, 400_000);
});

test('a limit by the time of day begins by the clock of its zone, on the day that clocks are put forward too', async (t) => {
  // Berlin, 2026-03-29: 02:00 is 03:00, that is 01:00 UTC.
  const clock = testClock(Date.parse('2026-03-29T00:59:59Z'));
  const times = { from: '02:00', to: '04:00', zone: 'Europe/Berlin' };
  const limits = [{ serve: 10_000_000 }, { serve: 100_000, times }];
  const { child, pass } = await served(t, limits, clock);
  // Once the calendar is there, it is not in force yet.
  await import('@xylem/core/windows');
  const a = await child('a');
  await pass(18, all(a));
  assert.ok(a.got() > 5_000_000, String(a.got()));
  await pass(4, all(a));
  const before = a.got();
  await pass(20, all(a));
  near(a.got() - before, 100_000);
  clock.leapTo(Date.parse('2026-03-29T02:00:00Z'));
  await pass(2, all(a));
  const after = a.got();
  await pass(4, all(a));
  assert.ok(a.got() - after > 1_000_000, String(a.got() - after));
});

test('small metadata is not held up, and taken from what others get', async (t) => {
  const { child, pass, answer } = await served(t, [{ serve: 100_000 }]);
  const a = await child('a');
  await pass(20, all(a));
  const before = a.got();
  const body = await answer({ 'x-child': 'b' }, `/r/${testDomain}/metadata/1.root.json`);
  assert.equal(body.headers[pacedHeader], undefined);
  let bytes = 0;
  for await (const piece of body) bytes += (piece as Buffer).length;
  assert.equal(bytes, 60_000);
  await pass(20, all(a));
  near(a.got() - before, 40_000);
});
