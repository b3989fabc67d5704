import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import type { EnvironmentId } from '@xylem/core';
import { createHttpClient, readBody, silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { expositionOf, Handshakes } from '@xylem/platform/serving';
import { removeLater, type TestClock, testClock, waitUntil } from '@xylem/testkit';
import {
  CertificateAuthority,
  clientTls,
  generateKey,
  hostIdOf,
  makeCsr,
  type TlsIdentity,
} from '@xylem/trust';
import { listenTls } from './server.ts';

const environment = 'e'.repeat(32) as EnvironmentId;
/** What TLS begins with, and waits for the rest of. */
const halfHello = Buffer.from('160301020001', 'hex');

async function relayIdentity(): Promise<TlsIdentity> {
  const ca = await CertificateAuthority.create(systemClock, systemRandomness);
  const key = generateKey();
  const csr = makeCsr(key, hostIdOf(key.public));
  return {
    key,
    certificatePem: await ca.issue(csr, { environment, serves: [environment] }),
    caPem: ca.certificatePem,
  };
}

interface Listening {
  readonly port: number;
  readonly held: ServerResponse[];
  count(name: string): number;
  close(): Promise<void>;
}

async function listening(
  t: TestContext,
  {
    identity,
    clock,
    atOnce,
    port = 0,
  }: { identity: TlsIdentity; clock: TestClock; atOnce: number; port?: number },
): Promise<Listening> {
  const handshakes = new Handshakes(clock, atOnce);
  const held: ServerResponse[] = [];
  const server = await listenTls({
    identity,
    handshakes,
    listen: { host: '127.0.0.1', port },
    maxConnections: 1_000,
    log: silentLog,
    handle: (request, response) => {
      if (request.url === '/news') held.push(response);
      else response.end('here');
    },
  });
  removeLater(t, () => server.close());
  const count = (name: string): number => {
    const line = expositionOf(handshakes.metrics())
      .split('\n')
      .find((one) => one.startsWith(`xylem_handshakes_${name} `));
    return Number(line?.split(' ')[1]);
  };
  return { port: server.port, held, count, close: () => server.close() };
}

const result = (name: string): string => `total{result="${name}"}`;

function childOf(t: TestContext, identity: TlsIdentity, port: number) {
  const client = createHttpClient({ tls: clientTls(identity) });
  t.after(() => client.close());
  return async (path: string): Promise<string> => {
    const { body } = await client.request({ method: 'GET', url: `https://127.0.0.1:${port}${path}` });
    return (await readBody(body, 100, 'answer')).toString();
  };
}

async function stranger(t: TestContext, port: number, says?: Buffer): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  if (says !== undefined) socket.write(says);
  return socket;
}

/** Also where it is reset. */
const closed = (socket: net.Socket): Promise<unknown> =>
  new Promise((resolve) => socket.resume().once('close', resolve));

test('children of a relay that was started anew make one handshake each, a few at once', async (t) => {
  const identity = await relayIdentity();
  const children = 100;
  const atOnce = 4;
  const clock = testClock();
  const before = await listening(t, { identity, clock, atOnce });
  const back = Promise.withResolvers<void>();
  const all = Array.from({ length: children }, async () => {
    const ask = childOf(t, identity, before.port);
    await assert.rejects(ask('/news'), { code: 'E_PARENT_UNREACHABLE' });
    await back.promise;
    return await ask('/news');
  });
  await waitUntil(() => before.held.length === children);
  await before.close();

  const after = await listening(t, { identity, clock, atOnce, port: before.port });
  back.resolve();
  let most = 0;
  await waitUntil(() => {
    most = Math.max(most, after.count('open'));
    return after.held.length === children;
  });
  for (const response of after.held) response.end('news');
  assert.deepEqual(new Set(await Promise.all(all)), new Set(['news']));
  assert.ok(most <= atOnce, String(most));
  const results = ['done', 'failed', 'gone', 'late'].map((name) => after.count(result(name)));
  assert.deepEqual(results, [children, 0, 0, 0]);
});

test('who stalls keeps its turn for half a second, who is silent none; who has gone costs no handshake', async (t) => {
  const identity = await relayIdentity();
  const clock = testClock();
  const relay = await listening(t, { identity, clock, atOnce: 1 });
  const silent = await stranger(t, relay.port);
  await stranger(t, relay.port, halfHello);
  await waitUntil(() => relay.count('open') === 1);
  const gone = await stranger(t, relay.port, halfHello);
  await waitUntil(() => relay.count('waiting') === 2);
  const asked = childOf(t, identity, relay.port)('/');
  await waitUntil(() => relay.count('waiting') === 3);
  gone.end();
  await waitUntil(() => relay.count(result('gone')) === 1);
  assert.equal(relay.count('open'), 1);

  await clock.advance(500);
  assert.equal(await asked, 'here');
  assert.deepEqual([relay.count('open'), relay.count(result('done'))], [1, 1]);
  const ended = closed(silent);
  await clock.advance(15_000);
  await ended;
  assert.deepEqual([relay.count('waiting'), relay.count(result('gone'))], [0, 2]);
});

test('whose turn does not come in its patience is closed, and so is who says too much before it', async (t) => {
  const clock = testClock();
  const relay = await listening(t, { identity: await relayIdentity(), clock, atOnce: 0 });
  const endless = await stranger(t, relay.port, Buffer.alloc(17 * 1024));
  await closed(endless);
  assert.equal(relay.count(result('gone')), 1);
  const patient = await stranger(t, relay.port, halfHello);
  await waitUntil(() => relay.count('waiting') === 1);
  const ended = closed(patient);
  await clock.advance(15_000);
  await ended;
  assert.deepEqual([relay.count(result('late')), relay.count(result('failed'))], [1, 0]);
});

test('a relay that ends waits for nobody who has not come to a connection', async (t) => {
  const relay = await listening(t, { identity: await relayIdentity(), clock: testClock(), atOnce: 1 });
  await stranger(t, relay.port, halfHello);
  await waitUntil(() => relay.count('open') === 1);
  const waits = [await stranger(t, relay.port), await stranger(t, relay.port, halfHello)];
  await waitUntil(() => relay.count('waiting') === 2);
  const ends = waits.map(closed);
  await relay.close();
  await Promise.all(ends);
});
