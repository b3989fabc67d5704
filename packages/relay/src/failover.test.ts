import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { leapingClock, waitUntil } from '@xylem/testkit';
import { rootFront } from '@xylem/testkit/builders';
import { relayTiming } from './defaults.ts';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

const timing = { secondLookMs: 60, parentBehindMs: 200 };

test('a relay leaves a parent that says for ever that nothing is new, and one that only another’s word is against it keeps', async (t) => {
  const { installation, production, root, deploy } = await world(t, { holdMs: 100 });
  const frozen = await rootFront(t, installation, { holdMs: 100 });
  const path = `/r/${production.id}/metadata/timestamp.json`;
  const timestamp = async (): Promise<Buffer> =>
    (await installation.repository.readFile(path.slice(1))) ?? assert.fail();
  const serves = [production.id];
  const joined = await installation.join(production, { parents: [frozen.url, root.url], serves });
  const relay = await startRelay(t, joined, { timing });
  await deploy('1.0.0');
  frozen.announce(production.id);
  await waitUntil(() => relay.status().followed.length === 1 && snapshotAt(relay, production.id) > 0);
  // What the other announces, and nobody signed.
  const forged = JSON.parse((await timestamp()).toString());
  forged.signed.version += 1;
  forged.signed.meta['snapshot.json'].version += 1;
  let asked = 0;
  root.intercept((request, response) => {
    if (request.url !== path) return false;
    asked += 1;
    response.writeHead(200).end(JSON.stringify(forged));
    return true;
  });
  const questions = (): number => frozen.requests.filter((line) => line.endsWith(path)).length;
  const before = questions();
  await waitUntil(() => asked > 2 && questions() > before);
  // It comes from the parent itself, and later than the other said.
  const next = await deploy('1.1.0');
  frozen.announce(production.id);
  const trialEnds = questions();
  await waitUntil(() => snapshotAt(relay, production.id) === next.snapshot && questions() > trialEnds);
  await waitUntil(() => relay.serving().parent?.url === frozen.url);
  assert.ok(!relay.status().faults.some(({ code }) => code === 'E_PARENT_BEHIND'));
  root.intercept(null);
  const old = await timestamp();
  let held = 0;
  frozen.intercept((request, response) => {
    if (request.url?.startsWith('/news?') === true) {
      held += 1;
      setTimeout(() => response.end('{"format":"xylem-news-1","changed":[],"sinceRootMs":0}'), 50);
    } else if (request.url === path) response.end(old);
    else return false;
    return true;
  });
  await waitUntil(() => held > 0);
  const { snapshot } = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot, 30_000);
  await waitUntil(() => relay.status().faults.some(({ code }) => code === 'E_PARENT_BEHIND'));
  await waitUntil(() => relay.serving().parent?.url === root.url);
});

test('a relay leaves a parent that withholds one of two environments, though all that it gives of the other is right', async (t) => {
  const { installation, production, root, deploy } = await world(t, { holdMs: 100 });
  const staging = await installation.addEnvironment('acme/staging');
  const withholding = await rootFront(t, installation, { holdMs: 100 });
  const serves = [production.id, staging.id];
  const joined = await installation.join(production, { parents: [withholding.url, root.url], serves });
  const relay = await startRelay(t, joined, { timing });
  const { get } = clientOf(t, await installation.join(staging, { parents: [relay.url] }));
  await get(`${relay.url}/news?since=${staging.id}.0`);
  await deploy('1.0.0');
  await deploy('1.1.0', staging);
  withholding.announce(staging.id);
  await waitUntil(() => [production, staging].every(({ id }) => snapshotAt(relay, id) > 0), 30_000);
  const path = `/r/${staging.id}/metadata/timestamp.json`;
  const old = (await installation.repository.readFile(path.slice(1))) ?? assert.fail();
  let withheld = 0;
  withholding.intercept((request, response) => {
    const { url = '' } = request;
    if (url.startsWith('/news?') && url.includes(staging.id)) {
      withheld += 1;
      request.url = url.replace(new RegExp(`${staging.id}\\.[0-9]+,?`), '').replace(',&', '&');
    }
    if (url !== path) return false;
    response.end(old);
    return true;
  });
  await waitUntil(() => withheld > 1);
  const open = await deploy('2.0.0');
  withholding.announce(production.id);
  await waitUntil(() => snapshotAt(relay, production.id) === open.snapshot, 30_000);
  const kept = await deploy('2.1.0', staging);
  withholding.announce(staging.id);
  await waitUntil(() => snapshotAt(relay, staging.id) === kept.snapshot, 30_000);
  await waitUntil(() => relay.status().faults.some(({ code }) => code === 'E_PARENT_BEHIND'));
  await waitUntil(() => relay.serving().parent?.url === root.url);
});

test('a parent that takes a question for news and never answers it is left for another', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const silent = await rootFront(t, installation, { holdMs: 100 });
  const parents = [silent.url, root.url];
  const joined = await installation.join(production, { parents, serves: [production.id] });
  const relay = await startRelay(t, joined, { timing: { newsHoldMs: 500 } });
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  let held = 0;
  silent.intercept((request) => {
    if (request.url?.startsWith('/news?') !== true) return false;
    held += 1;
    return true;
  });
  await waitUntil(() => held > 0);
  const { snapshot } = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
});

test('a parent that answers news byte by byte is left for another, once a question that is held has had its time twice', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const dripping = await rootFront(t, installation, { holdMs: 100 });
  const parents = [dripping.url, root.url];
  const joined = await installation.join(production, { parents, serves: [production.id] });
  const clock = leapingClock();
  const relay = await startRelay(t, joined, { clock });
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  let begun = 0;
  dripping.intercept((request, response) => {
    if (request.url?.startsWith('/news?') !== true) return false;
    begun += 1;
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '.repeat(64)), 20);
    response.on('close', () => clearInterval(timer));
    return true;
  });
  await waitUntil(() => begun > 0);
  const { snapshot } = await deploy('1.0.0');
  clock.leap(relayTiming.newsHoldMs * 2);
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
});

for (const [when, start] of [
  ['while it runs', false],
  ['before it starts', true],
] as const)
  test(`a relay whose parent died ${when} turns to those above it`, async (t) => {
    const { installation, production, root, deploy } = await world(t);
    const serves = [production.id];
    const above = await startRelay(t, await installation.join(production, { parents: [root.url], serves }));
    const joined = await installation.join(production, { parents: [above.url], serves });
    const first = await startRelay(t, joined);
    await deploy('1.0.0');
    await waitUntil(() => snapshotAt(first, production.id) > 0);
    // The word of the one above comes a moment after its first answer.
    await waitUntil(() => first.serving().parent?.host !== null);
    if (start) await first.close();
    await above.close();
    const relay = start ? await startRelay(t, joined) : first;
    const { snapshot } = await deploy('2.0.0');
    await waitUntil(() => snapshotAt(relay, production.id) === snapshot, 30_000);
    assert.equal(relay.serving().parent?.url, root.url);
  });

test('a relay asks the next parent for what is new while the first says that its disk is full', async (t) => {
  const { installation, production, root, deploy } = await world(t, { holdMs: 200 });
  const second = await rootFront(t, installation, { holdMs: 200 });
  const serves = [production.id];
  const joined = await installation.join(production, { parents: [root.url, second.url], serves });
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const relay = await startRelay(t, joined, { clock, timing: { secondLookMs: 3_600_000 } });
  const codes = (): string[] => relay.status().faults.map(({ code }) => code);
  const questions = (at: typeof root): number =>
    at.requests.filter((line) => line.startsWith('GET /news?')).length;
  const old = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === old.snapshot);
  assert.equal(questions(second), 0);

  root.full(60_000);
  await waitUntil(() => codes().includes('E_PARENT_FULL') && questions(second) > 0);
  const asked = questions(root);
  const next = await deploy('2.0.0');
  second.announce(production.id);
  await waitUntil(() => snapshotAt(relay, production.id) === next.snapshot && questions(second) > 2);
  assert.equal(questions(root), asked, 'for a minute it is not asked whether it still is');

  aheadMs += 90_000;
  await waitUntil(() => questions(root) > asked);
  const before = questions(second);
  await waitUntil(() => questions(second) > before);
  assert.deepEqual(codes(), ['E_PARENT_FULL'], 'it still is, and the second stays in use');
  root.full(null);
  aheadMs += 180_000;
  await waitUntil(() => codes().length === 0);
  const last = await deploy('3.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === last.snapshot);
});
