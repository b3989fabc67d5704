import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { sha256 } from '../hashing.ts';
import type { Digest, HostId } from '../ids.ts';
import type { Assignment, DesiredState } from '../wire/desired-state.ts';
import { encodeHostMapNode, type HostMapEntry, type HostMapNode } from '../wire/host-map.ts';
import {
  assignmentsFor,
  buildHostMap,
  changedHostMapNodes,
  cohortHash,
  everyone,
  hostMapEntries,
  inCohort,
  lookUpHost,
  nobody,
  thresholdForCount,
} from './index.ts';

const hostId = (n: number): HostId =>
  createHash('sha256').update(`host ${n}`).digest('hex').slice(0, 32) as HostId;
const digest = (text: string): Digest => createHash('sha256').update(text).digest('hex') as Digest;
const salt = Buffer.from('salt of a test').toString('base64url');

test('a cohort is an HMAC over the id in ASCII, keyed by the bytes of the salt', () => {
  const host = '00112233445566778899aabbccddeeff' as HostId;
  const hash = createHmac('sha256', 'salt of a test').update(host, 'ascii').digest('hex');
  assert.equal(cohortHash(salt, host), hash);
  assert.ok(inCohort({ salt, atMost: hash }, host) && inCohort({ salt, atMost: everyone }, host));
  assert.ok(!inCohort({ salt, atMost: nobody }, host));
});

test('a hash is the same whatever was hashed before it', () => {
  const direct = (key: string, host: HostId): string =>
    createHmac('sha256', Buffer.from(key, 'base64url')).update(host, 'ascii').digest('hex');
  const salts = Array.from({ length: 40 }, (_, n) => Buffer.from(`salt ${n}`).toString('base64url'));
  for (let round = 0; round < 3; round += 1)
    for (const one of [...salts, ...salts.toReversed()])
      for (const n of [1, 2, 3]) assert.equal(cohortHash(one, hostId(n)), direct(one, hostId(n)));
});

test('a threshold for k hosts admits exactly k', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(500), { maxLength: 40 }),
      fc.integer({ min: -1, max: 45 }),
      (numbers, count) => {
        const hosts = numbers.map(hostId);
        const atMost = thresholdForCount(salt, hosts, count);
        const admitted = hosts.filter((host) => inCohort({ salt, atMost }, host)).length;
        assert.equal(admitted, Math.max(0, Math.min(count, hosts.length)));
      },
    ),
  );
});

const entry = (n: number): HostMapEntry => ({
  name: `web-${n}`,
  labels: { role: n % 2 === 0 ? 'web' : 'db' },
});
const mapOf = (numbers: Iterable<number>) =>
  buildHostMap(new Map(Array.from(numbers, (n) => [hostId(n), entry(n)])));
const getFrom = (map: { nodes: ReadonlyMap<Digest, Uint8Array> }) => async (at: Digest) => map.nodes.get(at);

test('every host finds its entry, nobody finds another, whatever the order it was built in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(2000), { maxLength: 300 }), async (numbers) => {
      const map = mapOf(numbers);
      assert.equal(map.root, mapOf(numbers.toReversed()).root);
      for (const n of numbers.slice(0, 20))
        assert.deepEqual(await lookUpHost(map.root, hostId(n), getFrom(map)), entry(n));
      assert.equal(await lookUpHost(map.root, hostId(9999), getFrom(map)), undefined);
      const all = new Map<HostId, HostMapEntry>();
      for await (const [host, held] of hostMapEntries(map.root, getFrom(map))) all.set(host, held);
      assert.deepEqual(all, new Map(numbers.map((n) => [hostId(n), entry(n)])));
    }),
    { numRuns: 20 },
  );
});

test('one changed host changes its own path and nothing else', async () => {
  const before = new Map(Array.from({ length: 2000 }, (_, n) => [hostId(n), entry(n)]));
  const after = new Map(before).set(hostId(7), { labels: { role: 'moved' } });
  const [old, next] = [buildHostMap(before), buildHostMap(after)];
  const nodes = new Map([...old.nodes, ...next.nodes]);
  const changed = await changedHostMapNodes(old.root, next.root, async (at) => nodes.get(at));
  assert.deepEqual(changed, new Set([...next.nodes.keys()].filter((node) => !old.nodes.has(node))));
  assert.ok(changed.size <= 4, `${changed.size} nodes for one host of 2,000`);
  assert.deepEqual(
    await changedHostMapNodes(undefined, next.root, async (at) => nodes.get(at)),
    new Set(next.nodes.keys()),
  );
  assert.equal((await changedHostMapNodes(old.root, old.root, async () => undefined)).size, 0);
});

test('who wants no more than some changed nodes reads no more', async () => {
  const map = buildHostMap(new Map(Array.from({ length: 2000 }, (_, n) => [hostId(n), entry(n)])));
  let reads = 0;
  const get = async (at: Digest): Promise<Uint8Array | undefined> => {
    reads += 1;
    return map.nodes.get(at);
  };
  assert.ok(map.nodes.size > 100);
  assert.equal((await changedHostMapNodes(undefined, map.root, get, 64)).size, 65);
  assert.equal(reads, 65);
  assert.equal((await changedHostMapNodes(undefined, map.root, get, map.nodes.size)).size, map.nodes.size);
});

test('nodes of a level are asked for some at a time', async () => {
  const map = buildHostMap(new Map(Array.from({ length: 5000 }, (_, n) => [hostId(n), entry(n)])));
  let [underWay, most] = [0, 0];
  const get = async (at: Digest): Promise<Uint8Array | undefined> => {
    underWay += 1;
    most = Math.max(most, underWay);
    await setImmediate();
    underWay -= 1;
    return map.nodes.get(at);
  };
  assert.deepEqual(await changedHostMapNodes(undefined, map.root, get), new Set(map.nodes.keys()));
  assert.equal(most, 32);
});

test('a map that leads to one node by very many ways is gone through once', async () => {
  const nodes = new Map<Digest, Uint8Array>();
  const put = (node: HostMapNode): Digest => {
    const bytes = encodeHostMapNode(node);
    const own = sha256(bytes);
    nodes.set(own, bytes);
    return own;
  };
  let root = put({ format: 'xylem-hostmap-1', hosts: {} });
  for (let depth = 0; depth < 32; depth += 1) {
    const children = Object.fromEntries(Array.from('0123456789abcdef', (digit) => [digit, root]));
    root = put({ format: 'xylem-hostmap-1', children });
  }
  const get = async (at: Digest) => nodes.get(at);
  assert.equal((await changedHostMapNodes(undefined, root, get)).size, 33);
});

test('a node that is absent, or is not its own bytes, is refused', async () => {
  const map = mapOf([1, 2, 3]);
  await assert.rejects(
    lookUpHost(map.root, hostId(1), async () => undefined),
    { code: 'E_OBJECT_MISSING' },
  );
  await assert.rejects(
    lookUpHost(map.root, hostId(1), async () => new TextEncoder().encode('{}')),
    { code: 'E_OBJECT_DIGEST' },
  );
});

const assignment = (component: string, more: Partial<Assignment> = {}): Assignment => ({
  component,
  product: 'shop',
  release: digest('release'),
  package: digest(component),
  version: '1.0.0' as Assignment['version'],
  where: 'all',
  config: {},
  after: [],
  ...more,
});
const state = (...assignments: Assignment[]): DesiredState => ({ assignments }) as unknown as DesiredState;
const given = (wanted: DesiredState, held: HostMapEntry, host = hostId(1)) => {
  const direction = assignmentsFor(wanted, host, held);
  return direction.assignments.map(
    (one) => `${one.component} ${one.package === digest(one.component) ? 'old' : 'new'}`,
  );
};

test('the first assignment that fits counts', () => {
  const mine = cohortHash(salt, hostId(1));
  const next = assignment('api', { package: digest('new'), cohort: { salt, atMost: mine } });
  const former = assignment('api');
  const web: HostMapEntry = { name: 'w', labels: { role: 'web' } };
  assert.deepEqual(given(state(next, former), web), ['api new']);
  assert.deepEqual(given(state({ ...next, cohort: { salt, atMost: nobody } }, former), web), ['api old']);
  assert.deepEqual(given(state({ ...next, where: 'role = db' }, former), web), ['api old']);
  assert.deepEqual(given(state({ ...former, where: 'name = w' }), web), ['api old']);
  assert.deepEqual(given(state({ ...former, where: 'role = db' }), web), []);
});

test('assignments come in the order of installation', () => {
  const wanted = state(
    assignment('web', { after: ['api'] }),
    assignment('api', { after: ['db'] }),
    assignment('db'),
  );
  assert.deepEqual(given(wanted, { labels: {} }), ['db old', 'api old', 'web old']);
});

test('a pin follows the assignment with that package alone, or leaves the component as it is', () => {
  const next = assignment('api', { package: digest('new') });
  const former = assignment('api', { where: 'role = db' });
  const pins = { api: digest('api') };
  assert.deepEqual(given(state(next, former), { labels: {}, pins }), ['api old']);
  const direction = assignmentsFor(state(next), hostId(1), { labels: {}, pins });
  assert.deepEqual(direction, { assignments: [], held: ['api'] });
  assert.equal(assignmentsFor(state(former), hostId(1), { labels: {}, pins }).assignments[0]?.pinned, true);
});

test("the host map's configuration lies over direction's, key by key", () => {
  const wanted = state(assignment('api', { config: { port: 80, limits: { a: 1 } } }));
  const config = { api: { limits: { b: 2 } }, other: { port: 1 } };
  const [first] = assignmentsFor(wanted, hostId(1), { labels: {}, config }).assignments;
  assert.deepEqual(first?.config, { port: 80, limits: { b: 2 } });
});
