import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { timeOf } from '@xylem/core';
import { staticServer } from '@xylem/testkit';
import { serverTls } from '@xylem/trust';
import { Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('a host leaves a relay that its direction revokes, and finds it revoked after a restart', async (t) => {
  const site = await Site.create(t);
  const top = await site.front();
  const serves = [site.environment.id];
  const stolen = await site.installation.join(site.environment, { parents: [top.url], serves });
  // The relay's own certificate in front of the same folder: all that it gives is right.
  const { folder } = site.installation.repository;
  const relay = await staticServer(t, folder, { tls: serverTls(stolen.identity) });
  const host = await site.host([relay.url, top.url]);
  const pages = await site.publish('pages', '1.0.0', { 'index.html': 'one' });
  await site.assign([{ release: await site.vendor.release('1.0.0', [pages]), package: pages }]);
  const agent = await site.agent(host);
  await waitFor('the relay as parent', () => agent.status().parent === relay.url && agent.status().converged);
  const number = agent.status().direction?.number ?? 0;
  const until = timeOf(Date.now() + 86_400_000);
  await site.direct({ revoked: [{ host: stolen.identity.host, until }] });
  await waitFor('new direction', () => (agent.status().direction?.number ?? 0) > number);
  await waitFor('another parent', () => agent.status().parent === top.url);
  await agent.stop();
  const asked = relay.requests.length;
  const again = await site.agent(host);
  await waitFor('the parent', () => again.status().parent === top.url);
  assert.equal(relay.requests.length, asked, 'the relay was not asked again');
});

test('plain HTTP beyond loopback is used only when asked for at the host, and then also later', async (t) => {
  const address = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  if (address === undefined) return t.skip('this machine has no address beyond loopback');
  const site = await Site.create(t);
  const plain = await staticServer(t, site.installation.repository.folder, { host: address });
  const host = await site.host([plain.url]);
  const pages = await site.publish('pages', '1.0.0', { 'index.html': 'one' });
  await site.assign([{ release: await site.vendor.release('1.0.0', [pages]), package: pages }]);
  const agent = await site.agent(host);
  await waitFor('the refusal', () => agent.status().waiting.some(({ code }) => code === 'E_PLAIN_HTTP'));
  assert.equal(agent.status().direction, null);
  await agent.stop();
  const allowed = await site.agent(host, { allowPlainHttp: true });
  await waitFor('its direction', () => allowed.status().converged);
  assert.ok(!allowed.status().waiting.some(({ code }) => code === 'E_PLAIN_HTTP'));
  await allowed.stop();
  const document = await readFile(join(host.stateFolder, 'identity', 'host.json'), 'utf8');
  assert.equal((JSON.parse(document) as { plainHttp: boolean }).plainHttp, true);
  const later = await site.agent(host);
  await waitFor('its parent', () => later.status().parent === plain.url);
});
