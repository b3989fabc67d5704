import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Costs, costNames, parseCosts } from './costs.ts';
import { deliver } from './deliver.ts';
import { Machine } from './machine.ts';
import { standing } from './standing.ts';

const none = Object.fromEntries(costNames.map((name) => [name, 0])) as Costs;
const costsOf = (some: Partial<Costs>): Costs => ({ ...none, hostsPerProcess: 1, ...some });

test('without relays, who hears last waits for all others at the root server', () => {
  const costs = costsOf({ rootPublishCpuMs: 100, rootChildCpuMs: 10, roundTripMs: 4, hostUpdateCpuMs: 50 });
  const { inPlaceMs, knownMs, rootCpuMs } = deliver({ hosts: 100, levels: [], sizeBytes: 0 }, costs);
  assert.equal(inPlaceMs[0], 100 + 10 + 4 + 50);
  assert.equal(inPlaceMs[99], 100 + 1_000 + 4 + 50);
  assert.equal(knownMs[99], 100 + 1_000 + 4 + 50 + 2);
  assert.equal(rootCpuMs, 1_100);
});

test('a link carries what each child fetches, one after the other, and the root server sends to its own children alone', () => {
  const costs = costsOf({ rootBytesPerSecond: 1_000_000, updateBytes: 50_000 });
  const tree = { hosts: 1_000, levels: [4, 40], sizeBytes: 1_000_000 };
  const { inPlaceMs, rootEgressBytes, relayEgressBytes, busy } = deliver(tree, costs);
  assert.equal(rootEgressBytes, 4 * 1_050_000);
  assert.equal(relayEgressBytes, ((40 + 1_000) * 1_050_000) / 44);
  assert.equal(inPlaceMs.at(-1), 4 * 1_050);
  assert.ok(busy.rootLink > 0.99 && busy.rootCpu === 0);
});

test('reports gather at each relay, and each is known once', () => {
  const costs = costsOf({ relayBatchWaitMs: 200, rootBatchCpuMs: 1, rootReportCpuMs: 2 });
  const { knownMs, rootCpuMs } = deliver({ hosts: 60, levels: [2, 6], sizeBytes: 1 }, costs);
  assert.equal(rootCpuMs, 2 * 1 + 60 * 2);
  assert.equal(knownMs[0], 400 + 1 + 30 * 2);
  assert.equal(knownMs[59], 400 + 2 * (1 + 30 * 2));
});

test('processes that share cores take them in turns, and no core idles while one waits', () => {
  const machine = new Machine(2);
  const done: string[] = [];
  const [busy, other, third] = [machine.process(), machine.process(), machine.process()];
  for (let i = 0; i < 3; i += 1) machine.do(busy, 10, () => done.push(`busy ${machine.now}`));
  machine.do(other, 10, () => done.push(`other ${machine.now}`));
  machine.do(third, 10, () => done.push(`third ${machine.now}`));
  machine.run();
  assert.deepEqual(done, ['busy 10', 'other 10', 'third 20', 'busy 20', 'busy 30']);
  assert.equal(machine.busyMs, 50);
});

test('what stands still costs by its children and its hosts', () => {
  const costs = costsOf({
    rootReportCpuMs: 1,
    rootIdleChildCpuMs: 1,
    rootMemoryMb: 100,
    rootConnectionKb: 32,
    rootHandshakeCpuMs: 2,
    relayMemoryMb: 70,
    relayConnectionKb: 64,
    relayHandshakeCpuMs: 3,
  });
  assert.deepEqual(standing({ hosts: 36_000, levels: [4, 18], sizeBytes: 0 }, costs), {
    idleRootCpuPercent: 100 * (4 / 50_000 + 36_000 / 3_600_000),
    rootMemoryMb: 100 + 0.125,
    relayMemoryMb: 70 + 125,
    rootReconnectSeconds: 0.008,
    relayReconnectSeconds: 6,
  });
  assert.equal(standing({ hosts: 1_000, levels: [], sizeBytes: 0 }, costs).rootReconnectSeconds, 2);
});

test('a file of costs says where it comes from, has every figure, and none that nothing reads', () => {
  const file = { measured: 'by hand', ...none };
  assert.deepEqual(parseCosts(JSON.stringify(file)), file);
  const { cores: _, ...lacking } = file;
  for (const text of [
    '{',
    'null',
    '3',
    JSON.stringify(none),
    JSON.stringify(lacking),
    JSON.stringify({ ...file, more: 1 }),
    JSON.stringify({ ...file, cores: -1 }),
    JSON.stringify({ ...file, cores: '2' }),
  ])
    assert.throws(() => parseCosts(text), { code: 'E_INPUT' }, text);
});
