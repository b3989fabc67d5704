import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@xylem/platform';
import { systemClock } from '@xylem/platform';
import { waitUntil } from '@xylem/testkit';
import type { TestDirection } from '@xylem/testkit/builders';
import { snapshotAt, startRelay, world } from './testing/world.ts';

const hourMs = 3_600_000;

/** The real clock, but that the end of a freeze in ten hours comes when the test says so. */
function untilSaid(): { readonly clock: Clock; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) =>
      ms > 9 * hourMs && ms <= 10 * hourMs
        ? Promise.race([promise, systemClock.sleep(ms, signal)])
        : systemClock.sleep(ms, signal),
  };
  return { clock, end: resolve };
}

test('a relay fetches what all hosts are frozen for in the background, and the rest at once when that ends', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const end = new Date(systemClock.now() + 10 * hourMs).toISOString().slice(0, 16);
  const policy = { freezes: [{ name: 'quiet', zone: 'UTC', start: '2020-01-01T00:00', end }] };
  const directed = (urgent: { readonly urgent?: boolean }): TestDirection =>
    ({
      id: production.id,
      direct: ({ assignments = [], ...wanted }) =>
        production.direct({
          ...wanted,
          assignments: assignments.map((one) => ({ ...one, ...urgent })),
          policy,
        }),
    }) as TestDirection;
  const asked: { readonly path: string; readonly priority: unknown; readonly range: unknown }[] = [];
  let isHeldUp = false;
  root.intercept(({ url = '', headers: { priority, range } }, response) => {
    if (!url.startsWith('/o/')) return false;
    asked.push({ path: url, priority, range });
    const isPack = /^\/o\/[0-9a-f]{32}\/[0-9a-f]{64}$/.test(url);
    if (!isHeldUp || !isPack || priority === undefined) return false;
    // Others come first at this parent.
    response.writeHead(200).flushHeaders();
    return true;
  });
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const { clock, end: endFreeze } = untilSaid();
  const bring = async (version: string, urgent: { readonly urgent?: boolean } = {}) => {
    asked.length = 0;
    return await deploy(version, directed(urgent));
  };
  const isServed = (snapshot: number) => waitUntil(() => snapshotAt(relay, production.id) === snapshot);

  const first = await bring('1.0.0');
  const relay = await startRelay(t, joined, { clock });
  await isServed(first.snapshot);
  assert.ok(asked.length > 0 && asked.every(({ priority }) => priority === undefined), 'the first state');

  isHeldUp = true;
  const second = await bring('2.0.0');
  await waitUntil(() => asked.length > 0);
  const urgent = await bring('2.0.1', { urgent: true });
  await isServed(urgent.snapshot);
  assert.ok(
    asked.some(({ path, priority }) => path.includes(urgent.packs[0] ?? '') && priority === undefined),
    'the urgent one overtakes',
  );

  const third = await bring('3.0.0');
  await waitUntil(() => asked.length > 0);
  assert.ok(
    asked.every(({ priority }) => priority === 'u=6'),
    'ahead',
  );
  assert.ok(second.snapshot < third.snapshot && snapshotAt(relay, production.id) === urgent.snapshot);
  endFreeze();
  await isServed(third.snapshot);
  assert.equal(asked.at(-1)?.priority, undefined);
});
