import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNews } from '@xylem/core';
import { jsonLog, systemClock } from '@xylem/platform';
import { waitUntil } from '@xylem/testkit';
import { rootFront } from '@xylem/testkit/builders';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

const timing = { cutOffMs: 1_500, holdMs: 100, secondLookMs: 3_600_000 };

test('a part of the tree that is cut off from the root server says so at each level, and no more when it is whole', async (t) => {
  const { installation, production, root, deploy } = await world(t, { holdMs: 100 });
  const serves = [production.id];
  const join = async (parent: string) => await installation.join(production, { parents: [parent], serves });
  const top = await startRelay(t, await join(root.url), { timing });
  const low = await startRelay(t, await join(top.url), { timing });
  const { get } = clientOf(t, await installation.join(production, { parents: [low.url] }));
  const sinceRootMs = async (): Promise<number | undefined> =>
    parseNews((await get(`${low.url}/news?since=${production.id}.0`)).body).sinceRootMs;
  const codes = (relay: typeof top): string[] => relay.status().faults.map(({ code }) => code);
  const old = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(low, production.id) === old.snapshot);
  await waitUntil(async () => (await sinceRootMs()) !== undefined);
  await waitUntil(() => codes(top).length + codes(low).length === 0);

  await root.close();
  await waitUntil(() => codes(top).includes('E_CUT_OFF') && codes(low).includes('E_CUT_OFF'));
  const [fault] = low.status().faults;
  assert.match(
    fault?.message ?? '',
    new RegExp(`^Cut off from the root server since .*Z, although ${top.url}`),
  );
  assert.deepEqual(codes(low), ['E_CUT_OFF'], 'its parent answers, and is not left');
  assert.equal(low.serving().parent?.url, top.url);
  assert.ok(
    ((await sinceRootMs()) ?? 0) > timing.cutOffMs,
    'what it has is served, and how old that may be is said',
  );

  const back = await rootFront(t, installation, { holdMs: 100, port: root.port });
  const { snapshot } = await deploy('2.0.0');
  back.announce(production.id);
  await waitUntil(() => snapshotAt(low, production.id) === snapshot);
  await waitUntil(() => codes(top).length + codes(low).length === 0);
});

test('a relay goes by what its parent says of itself, and where that says nothing knows nothing', async (t) => {
  const { installation, production, root, deploy } = await world(t, { holdMs: 100 });
  const serves = [production.id];
  const joined = await installation.join(production, { parents: [root.url], serves });
  let said: object = { sinceRootMs: 3_600_000 };
  root.intercept((request, response) => {
    if (request.url?.startsWith('/news?') !== true) return false;
    setTimeout(() => response.end(JSON.stringify({ format: 'xylem-news-1', changed: [], ...said })), 20);
    return true;
  });
  const lines: string[] = [];
  const log = jsonLog({ write: (line) => lines.push(line) }, systemClock);
  const relay = await startRelay(t, joined, { timing, log });
  const isCutOff = (): boolean => relay.status().faults.some(({ code }) => code === 'E_CUT_OFF');
  await waitUntil(isCutOff);
  assert.match(lines.join(''), /"event":"cut off","error":\{"code":"E_CUT_OFF","message":"Cut off from/);
  said = {};
  await waitUntil(() => !isCutOff());
  assert.equal(relay.status().sinceRootMs, null);
  said = { sinceRootMs: 3_600_000 };
  await waitUntil(isCutOff);
  said = { sinceRootMs: 0 };
  await waitUntil(() => !isCutOff());
  root.intercept(null);
  const { snapshot } = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
});
