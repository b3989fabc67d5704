import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { type Clock, readBody, systemClock } from '@xylem/platform';
import { waitUntil } from '@xylem/testkit';
import { buildRenewRequest, parseRenewRequest } from '@xylem/trust';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

const dayMs = 24 * 3600_000;

test('a host whose certificate has ended is served for seven days more, and renews through a relay at any time', async (t) => {
  let agoMs = 0;
  const clock: Clock = {
    now: () => systemClock.now() - agoMs,
    monotonicMs: () => systemClock.monotonicMs(),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };
  const { installation, production, root, deploy } = await world(t, { clock });
  const serves = [production.id];
  const relay = await startRelay(t, await installation.join(production, { parents: [root.url], serves }));
  await deploy('1.0.0');
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  // The root server signs for the key of a host that it knows.
  root.intercept((request, response) => {
    if (request.url !== '/renew') return false;
    void (async () => {
      const csr = parseRenewRequest(await buffer(request));
      const certificate = await installation.ca.issue(csr, { environment: production.id, serves: null });
      response.end(JSON.stringify({ certificate, ca: installation.ca.certificatePem }));
    })().catch(() => response.destroy());
    return true;
  });
  const timestamp = `${relay.url}/r/${production.id}/metadata/timestamp.json`;
  for (const { endedDaysAgo, served } of [
    { endedDaysAgo: -1, served: 200 },
    { endedDaysAgo: 1, served: 200 },
    { endedDaysAgo: 8, served: 404 },
    { endedDaysAgo: 170, served: 404 },
  ]) {
    agoMs = (30 + endedDaysAgo) * dayMs;
    const host = await installation.join(production, { parents: [relay.url] });
    agoMs = 0;
    const { http, get } = clientOf(t, host);
    assert.equal((await get(timestamp)).status, served, `${endedDaysAgo} days`);
    const { key, host: id } = host.identity;
    const url = `${relay.url}/renew`;
    const answer = await http.request({ method: 'POST', url, body: buildRenewRequest(key, id) });
    assert.equal(answer.status, 200);
    const body = (await readBody(answer.body, 2 ** 20, url)).toString();
    const { certificate } = JSON.parse(body) as { certificate: string };
    const renewed = { ...host, identity: { ...host.identity, certificatePem: certificate } };
    assert.equal((await clientOf(t, renewed).get(timestamp)).status, 200, `renewed, ${endedDaysAgo} days`);
  }
});
