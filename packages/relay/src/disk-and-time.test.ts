import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseNews } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { fullDisk, waitUntil } from '@xylem/testkit';
import { rootFront } from '@xylem/testkit/builders';
import { batchOf, reportOf } from './testing/reports.ts';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

test('on a full disk the old state is served on, nothing new is told, and it is said why, to children too', async (t) => {
  const disk = await fullDisk(t, 32 * 2 ** 20);
  if ('skip' in disk) return t.skip(disk.skip);
  const { installation, vendor, production, root, deploy } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const stateFolder = join(disk.folder, 'state');
  await cp(joined.stateFolder, stateFolder, { recursive: true });
  const relay = await startRelay(
    t,
    { ...joined, stateFolder },
    { timing: { retryMaxMs: 300, roomLookMs: 50 } },
  );
  const old = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === old.snapshot);
  await disk.fill(1_500_000);
  const next = await deploy('2.0.0', production, { big: { noiseBytes: 6_000_000, seed: 3 } });
  await waitUntil(() => relay.status().faults.some(({ code }) => code === 'E_DISK_FULL'));
  const child = await installation.join(production, { parents: [relay.url] });
  const { get, http } = clientOf(t, child);
  assert.equal((await get(`${relay.url}/o/${vendor.domain}/offers/${old.tree}`)).status, 200);
  const news = async (full: number) =>
    parseNews((await get(`${relay.url}/news?since=${production.id}.${old.snapshot}&full=${full}`)).body);
  const { body } = await get(`${relay.url}/news?since=${production.id}.0`);
  assert.equal(parseNews(body).changed[0]?.snapshot, old.snapshot);
  assert.ok(((await news(0)).fullForMs ?? -1) >= 0);
  await waitUntil(() => /^\d+ bytes are free below /.test(relay.serving().faults[0]?.message ?? ''));
  let sequence = 0;
  // The spool's last block, and what a failed try gives back, take some.
  await waitUntil(async () => {
    await disk.fill();
    sequence += 1;
    const body = batchOf(reportOf(child, sequence));
    const answer = await http.request({ method: 'POST', url: `${relay.url}/reports`, body });
    answer.body.resume();
    return answer.status === 503 && answer.headers['retry-after'] === '60';
  });
  const hasRoom = news(1);
  await disk.free();
  assert.equal((await hasRoom).fullForMs, undefined);
  await waitUntil(() => snapshotAt(relay, production.id) === next.snapshot);
  await waitUntil(() => relay.status().faults.length === 0);
});

test('below its reserve a relay says that it is full, and goes on taking what is new, and reports', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined, { reserveBytes: 2 ** 50, timing: { roomLookMs: 50 } });
  const { snapshot } = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  const child = await installation.join(production, { parents: [relay.url] });
  const { get, http } = clientOf(t, child);
  const { fullForMs } = parseNews((await get(`${relay.url}/news?since=${production.id}.0`)).body);
  assert.ok(fullForMs !== undefined);
  assert.match(relay.serving().faults[0]?.message ?? '', / a reserve of 1125899906842624\. /);
  const body = batchOf(reportOf(child, 1));
  const taken = await http.request({ method: 'POST', url: `${relay.url}/reports`, body });
  taken.body.resume();
  assert.equal(taken.status, 202);
});

test('a parent whose timestamp is not renewed is left; when all are stale their newest is taken and it is said', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const { snapshot } = await deploy('1.0.0');
  const second = await rootFront(t, installation);
  const joined = await installation.join(production, {
    parents: [root.url, second.url],
    serves: [production.id],
  });
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => Date.now() + aheadMs };
  aheadMs = 27 * 3_600_000;
  const relay = await startRelay(t, joined, { clock, timing: { retryMaxMs: 50 } });
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  await waitUntil(() => relay.status().faults.some(({ code }) => code === 'E_PARENT_STALE'));
  assert.ok(second.requests.some((request) => request.includes('/metadata/')));
});

test('an environment that nobody asks for any more is dropped with all that only it needed', async (t) => {
  const { installation, production, root } = await world(t, { holdMs: 100 });
  const staging = await installation.addEnvironment('acme/staging');
  const joined = await installation.join(production, { parents: [root.url], serves: '*' });
  const relay = await startRelay(t, joined, { timing: { followMs: 1_000 } });
  const { get } = clientOf(t, await installation.join(staging, { parents: [relay.url] }));
  const path = `${relay.url}/r/${staging.id}/metadata/timestamp.json`;
  await get(`${relay.url}/news?since=${staging.id}.0`);
  await waitUntil(() => snapshotAt(relay, staging.id) > 0);
  await waitUntil(() => relay.status().followed.length === 1);
  await waitUntil(async () => (await get(path)).status === 404);
  // Asked for again it comes back.
  const { body } = await get(`${relay.url}/news?since=${staging.id}.0`);
  assert.equal(JSON.parse(body.toString()).changed.length, 1);
});
