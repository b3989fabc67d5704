import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { timeOf } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import type { JoinedHost } from '@xylem/testkit/builders';
import { batchOf, reportOf } from './testing/reports.ts';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

const until = timeOf(Date.now() + 30 * 86_400_000);
const revokedOf = (...hosts: JoinedHost[]) => hosts.map(({ identity }) => ({ host: identity.host, until }));

test('a revoked host is refused by a relay as soon as that accepts the direction, and after a restart without a parent', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const own = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, own);
  const stolen = await installation.join(production, { parents: [relay.url] });
  const honest = await installation.join(production, { parents: [relay.url] });
  await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  const bad = clientOf(t, stolen);
  const good = clientOf(t, honest);
  const timestamp = (url: string) => `${url}/r/${production.id}/metadata/timestamp.json`;
  assert.equal((await bad.get(timestamp(relay.url))).status, 200);
  // What it reported already waits here, because the parent takes nothing now.
  root.intercept((request, response) => request.url === '/reports' && Boolean(response.writeHead(503).end()));
  const { status } = await bad.http.request({
    method: 'POST',
    url: `${relay.url}/reports`,
    body: batchOf(reportOf(stolen, 1)),
  });
  assert.equal(status, 202);
  assert.equal(relay.status().spooledReports, 1);
  // A held request of it stays open until the revocation arrives, and ends with it.
  const held = bad.http.request({
    method: 'GET',
    url: `${relay.url}/news?since=${production.id}.9999999999`,
  });
  const before = snapshotAt(relay, production.id);
  await production.direct({ revoked: revokedOf(stolen) });
  root.announce(production.id);
  await assert.rejects(held, { code: 'E_PARENT_UNREACHABLE' });
  assert.equal((await bad.get(timestamp(relay.url))).status, 404);
  assert.equal((await good.get(timestamp(relay.url))).status, 200);
  assert.equal(relay.status().spooledReports, 0);

  // The record of what is served says it once the direction is served, which is after it was learned.
  await waitUntil(() => snapshotAt(relay, production.id) > before);
  await relay.close();
  await root.close();
  // Neither needs the other: the list of its own, and the record of what is served.
  for (const lost of ['revoked.json', null]) {
    if (lost !== null) await rm(join(own.stateFolder, 'relay', lost));
    const again = await startRelay(t, own);
    assert.equal((await clientOf(t, stolen).get(timestamp(again.url))).status, 404);
    assert.equal((await clientOf(t, honest).get(timestamp(again.url))).status, 200);
    await again.close();
  }
});

test('the revocation holds while the objects of the same direction can not be fetched', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const own = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, own);
  await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  const served = snapshotAt(relay, production.id);
  const stolen = await installation.join(production, { parents: [relay.url] });
  const bad = clientOf(t, stolen);
  const url = `${relay.url}/r/${production.id}/metadata/timestamp.json`;
  assert.equal((await bad.get(url)).status, 200);
  root.intercept(
    (request, response) => (request.url ?? '').startsWith('/o/') && Boolean(response.writeHead(503).end()),
  );
  await production.direct({
    revoked: revokedOf(stolen),
    hosts: new Map([[stolen.identity.host, { labels: { retired: 'yes' }, retired: true }]]),
  });
  root.announce(production.id);
  await waitUntil(async () => (await bad.get(url).catch(() => ({ status: 0 }))).status === 404);
  assert.equal(snapshotAt(relay, production.id), served);
  await relay.close();
  await root.close();
  const again = await startRelay(t, own);
  const after = await clientOf(t, stolen).get(`${again.url}/r/${production.id}/metadata/timestamp.json`);
  assert.equal(after.status, 404);
});

test('a relay leaves a revoked parent, and takes no reports of a revoked host from other relays', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const serves = [production.id];
  const upperHost = await installation.join(production, { parents: [root.url], serves });
  const upper = await startRelay(t, upperHost);
  const lowerHost = await installation.join(production, { parents: [upper.url, root.url], serves });
  const lower = await startRelay(t, lowerHost);
  await deploy('1.0.0');
  await waitUntil(() => snapshotAt(lower, production.id) > 0);
  const before = snapshotAt(lower, production.id);
  const asked = root.requests.length;
  await production.direct({ revoked: revokedOf(upperHost) });
  root.announce(production.id);
  await waitUntil(() => snapshotAt(lower, production.id) > before);
  // From now on it pulls from the root server, also what comes next.
  await waitUntil(() => root.requests.slice(asked).some((request) => request.includes(`${production.id}.`)));
  await upper.close();
  const next = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(lower, production.id) >= next.snapshot);
  // The relay that was revoked can't bring its own report through another one.
  const carrier = await installation.join(production, { parents: [lower.url], serves });
  const { http } = clientOf(t, carrier);
  const { body } = await http.request({
    method: 'POST',
    url: `${lower.url}/reports`,
    body: batchOf(reportOf(carrier, 1), reportOf(upperHost, 1)),
  });
  body.resume();
  await waitUntil(() => root.reports.has(carrier.identity.host));
  assert.equal(root.reports.has(upperHost.identity.host), false);
});
