import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import {
  type Digest,
  type DomainId,
  encodeParents,
  type HostId,
  type HostMapEntry,
  parseParents,
} from '@xylem/core';
import { freePort, removeLater, startProcess, waitUntil } from '@xylem/testkit';
import type { JoinedHost } from '@xylem/testkit/builders';
import { hostAt, serverTls } from '@xylem/trust';
import type { RelayOptions, RunningRelay } from '../index.ts';
import { clientOf, snapshotAt, startRelay, world } from '../testing/world.ts';
import { orderFor } from './order.ts';

interface SiteRelay {
  readonly joined: JoinedHost;
  readonly host: HostId;
  readonly port: number;
  readonly url: string;
}

/** Three relays that will be of one site, below a parent whose requests count, and that names them to each other once `name` says so. */
async function site(t: TestContext) {
  const made = await world(t);
  const { installation, production, root } = made;
  const relays: SiteRelay[] = [];
  for (const name of ['one', 'two', 'three']) {
    const joined = await installation.join(production, {
      parents: [root.url],
      serves: [production.id],
      name,
    });
    const port = await freePort();
    relays.push({ joined, host: joined.identity.host as HostId, port, url: `https://127.0.0.1:${port}` });
  }
  const hosts = new Map<HostId, HostMapEntry>(
    relays.map(({ host }, at) => [host, { name: `relay-${at}`, labels: { site: 'muc' }, serve: true }]),
  );
  let meanwhile: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  const { promise: named, resolve } = Promise.withResolvers<readonly SiteRelay[]>();
  const self = { url: root.url, host: null };
  const sendParents = async (response: ServerResponse): Promise<void> => {
    const neighbours = (await named).map(({ host, url }) => ({ host, url, serves: [production.id] }));
    response.end(
      encodeParents({ format: 'xylem-parents-1', self, siblings: [], above: [], relays: neighbours }),
    );
  };
  root.intercept((request, response) => {
    if (request.url?.startsWith('/parents') !== true) return meanwhile(request, response);
    void sendParents(response);
    return true;
  });
  const objects = (): string[] =>
    root.requests.filter((one) => /^GET \/o\/[0-9a-f]{32}\/[0-9a-f]{64}$/.test(one)).sort();
  const start = (relay: SiteRelay, options: Partial<RelayOptions> = {}) =>
    startRelay(t, relay.joined, {
      listen: { host: '127.0.0.1', port: relay.port },
      ...options,
      // On a busy machine another relay may be long in coming to something.
      timing: { siblingIdleMs: 60_000, ...options.timing },
    });
  const child = clientOf(t, await installation.join(production, { parents: [] }));
  const hears = async ({ url }: SiteRelay): Promise<boolean> =>
    parseParents((await child.get(`${url}/parents`)).body).siblings.length > 0;
  /** From now on these are named, and `hear` have heard it. */
  const name = async (all: readonly SiteRelay[], hear: readonly SiteRelay[] = all): Promise<void> => {
    resolve(all);
    for (const relay of hear) await waitUntil(() => hears(relay), 30_000);
  };
  /** Of all relays, who goes up for an object first. */
  const inOrder = (digest: Digest): SiteRelay[] => {
    const place = (one: SiteRelay): number =>
      orderFor(
        digest,
        one.host,
        relays.filter(({ host }) => host !== one.host),
      ).before.length;
    return [...relays].sort((a, b) => place(a) - place(b));
  };
  const deploy = (version: string, bytes = 300_000) =>
    made.deploy(version, production, { big: randomBytes(bytes), 'b.txt': version }, hosts);
  /** From the next deployment on. */
  const label = ({ host }: SiteRelay, labels: Record<string, string>): void => {
    hosts.set(host, { name: host.slice(0, 8), labels, serve: true });
  };
  const onRequest = (handler: typeof meanwhile): void => {
    meanwhile = handler;
  };
  return { ...made, relays, name, start, objects, inOrder, deploy, label, onRequest };
}

const relayMain = new URL('../testing/relay-main.ts', import.meta.url).pathname;
const half = 1_000_000;

const once = (requests: readonly string[]): void => assert.deepEqual([...new Set(requests)], requests);

test('each object crosses the link of a site once, also the first time and for a relay that comes later', async (t) => {
  const { relays, name, start, objects, deploy, production, root, installation, vendor } = await site(t);
  const [one, two, three] = relays as [SiteRelay, SiteRelay, SiteRelay];
  const running = await Promise.all([start(one), start(two)]);
  const all = (snapshot: number) =>
    waitUntil(() => running.every((relay) => snapshotAt(relay, production.id) === snapshot), 30_000);
  /** Before the host map is here nobody knows of a site: its nodes may cross for each relay. */
  const ofProducts = () => objects().filter((path) => !path.includes(production.id));
  await name([one, two]);
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    const { snapshot, packs } = await deploy(version);
    await all(snapshot);
    once(version === '1.0.0' ? ofProducts() : objects());
    for (const pack of packs) assert.ok(objects().includes(`GET /o/${vendor.domain}/${pack}`));
    root.requests.length = version === '3.0.0' ? root.requests.length : 0;
  }
  // Rights are those of children: a relay of another environment gets nothing, however it asks.
  const other = await installation.addEnvironment('other/production');
  const { http } = clientOf(t, await installation.join(other, { parents: [], serves: [other.id] }));
  const url = `${one.url}${objects()[0]?.slice('GET '.length)}`;
  const { status, body } = await http.request({ method: 'GET', url, headers: { prefer: 'wait=1' } });
  body.resume();
  assert.equal(status, 404);
  root.requests.length = 0;
  const last = snapshotAt(running[0] as RunningRelay, production.id);
  running.push(await start(three));
  await all(last);
  assert.deepEqual(ofProducts(), []);
  // A relay that fills another is not its parent.
  const isRelay = (host: HostId): boolean => relays.some((relay) => relay.host === host);
  assert.ok(!running.flatMap((relay) => relay.status().children).some((child) => isRelay(child.host)));
});

test('when the one that fetches an object is killed in the middle, another goes on from the byte that it came to', async (t) => {
  const { relays, name, start, inOrder, deploy, production, onRequest, installation } = await site(t);
  const [killed, ...others] = relays as [SiteRelay, SiteRelay, SiteRelay];
  const args = [relayMain, killed.joined.stateFolder, String(killed.port)];
  const process_ = await startProcess({ context: t, command: process.execPath, args });
  const running = await Promise.all(others.map((relay) => start(relay)));
  await process_.waitForLine(/^url /m);
  await name(relays);
  const ranges: (string | undefined)[] = [];
  let stalled: Digest | null = null;
  const send = async (path: string, range: string | undefined, response: ServerResponse): Promise<void> => {
    const [, , domain, digest] = path.split('/');
    const bytes = await installation.repository.readObject(domain as DomainId, digest as Digest, 2 ** 24);
    assert.ok(bytes);
    const from = range === undefined ? 0 : Number(range.slice('bytes='.length, -1));
    const isMeant = bytes.length > half && inOrder(digest as Digest)[0] === killed;
    if (isMeant) ranges.push(range);
    const headers = { 'content-length': bytes.length - from };
    if (isMeant && stalled === null) {
      stalled = digest as Digest;
      response.writeHead(200, headers).write(bytes.subarray(0, half));
    } else if (from === 0) response.writeHead(200, headers).end(bytes);
    else {
      const contentRange = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
      response.writeHead(206, { ...headers, 'content-range': contentRange }).end(bytes.subarray(from));
    }
  };
  onRequest(({ url = '', headers }, response) => {
    if (!/^\/o\/[0-9a-f]{32}\/[0-9a-f]{64}$/.test(url)) return false;
    void send(url, headers.range, response);
    return true;
  });
  const areAt = (snapshot: number): boolean =>
    running.every((relay) => snapshotAt(relay, production.id) === snapshot);
  let last = await deploy('1.0.0');
  await waitUntil(() => areAt(last.snapshot));
  // Whose an object is follows from its digest: until one is that of the relay that is to be killed.
  for (let version = 2; stalled === null; version += 1) {
    last = await deploy(`${version}.0.0`, 2 * half);
    await waitUntil(() => stalled !== null || areAt(last.snapshot));
  }
  const sizeAt = async ({ joined }: SiteRelay): Promise<number> => {
    const part = join(joined.stateFolder, 'relay', 'repository', '.tmp-work', `part-${stalled}`);
    return (await stat(part).catch(() => ({ size: 0 }))).size;
  };
  for (const relay of relays) await waitUntil(async () => (await sizeAt(relay)) === half);
  await process_.kill('SIGKILL');
  await waitUntil(() => areAt(last.snapshot));
  assert.deepEqual(ranges, [undefined, `bytes=${half}-`]);
});

/** What a relay of the site does to all who ask it for an object. */
const faulty: Record<string, (response: ServerResponse) => void> = {
  'gives wrong bytes': (response) => response.end('wrong'),
  'never answers': () => undefined,
  'always says that an object is on its way': (response) => response.writeHead(503).end(),
  'gives a byte now and then': (response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('x'), 20);
    response.once('close', () => clearInterval(drip));
  },
};

for (const [what, answer] of Object.entries(faulty)) {
  test(`a relay of the site that ${what} is passed over, and then not asked`, async (t) => {
    const { relays, name, start, deploy, production } = await site(t);
    const [bad, ...good] = relays as [SiteRelay, SiteRelay, SiteRelay];
    const asked = new Map<HostId | null, number>();
    const { identity } = bad.joined;
    const server = createServer(serverTls(identity), (request, response) => {
      const host = hostAt(request.socket as TLSSocket, identity.caPem);
      asked.set(host, (asked.get(host) ?? 0) + 1);
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(bad.port, '127.0.0.1', resolve));
    removeLater(t, () => {
      server.close();
      server.closeAllConnections();
    });
    // Long enough for relays that are well, on a machine that is busy.
    const timing = {
      siblingHoldMs: 3_000,
      siblingWaitMs: 3_000,
      siblingMostMs: 5_000,
      siblingLeftMs: 600_000,
    };
    const running = await Promise.all(good.map((relay) => start(relay, { timing })));
    await name(relays, good);
    const bring = async (version: string): Promise<void> => {
      const { snapshot } = await deploy(version);
      await waitUntil(() => running.every((relay) => snapshotAt(relay, production.id) === snapshot), 30_000);
    };
    const wasAsked = (): boolean => good.every(({ host }) => asked.has(host));
    for (let version = 1; !wasAsked(); version += 1) await bring(`${version}.0.0`);
    const before = [...asked.values()];
    await bring('100.0.0');
    assert.deepEqual([...asked.values()], before);
  });
}

test('without a label, without asking, and of another site relays fetch for themselves', async (t) => {
  const { relays, name, start, objects, deploy, production, root, label } = await site(t);
  const [one, two] = relays as [SiteRelay, SiteRelay, SiteRelay];
  const bring = async (version: string): Promise<number> => {
    root.requests.length = 0;
    const { snapshot } = await deploy(version);
    await waitUntil(() => running.every((relay) => snapshotAt(relay, production.id) === snapshot));
    return objects().length - new Set(objects()).size;
  };
  label(one, { site: 'fra' });
  const running = await Promise.all([start(one), start(two)]);
  await name([one, two]);
  assert.ok((await bring('1.0.0')) > 0);
  label(one, {});
  label(two, {});
  assert.ok((await bring('2.0.0')) > 0);
  label(one, { site: 'muc' });
  label(two, { site: 'muc' });
  await bring('3.0.0');
  assert.equal(await bring('4.0.0'), 0);
  await Promise.all(running.splice(0).map((relay) => relay.close()));
  running.push(...(await Promise.all([one, two].map((relay) => start(relay, { siblings: false })))));
  assert.ok((await bring('5.0.0')) > 0);
});
