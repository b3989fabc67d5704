import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { test } from 'node:test';
import { createHttpClient, readBody } from '@xylem/platform';
import { removeLater } from '@xylem/testkit';
import { clientTls } from '@xylem/trust';
import { clientOf, startRelay, world } from './testing/world.ts';

test('who shows no certificate keeps no connection open', async (t) => {
  const { installation, production, root } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined);
  const tls = clientTls({ caPem: installation.ca.certificatePem });
  const http = createHttpClient({ tls });
  removeLater(t, () => http.close());
  const stranger = await http.request({ method: 'GET', url: `${relay.url}/r/x` });
  await readBody(stranger.body, 1000, 'answer');
  assert.equal(stranger.status, 404);
  assert.equal(stranger.headers.connection, 'close');
  const own = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  const { status, headers, body } = await own.http.request({ method: 'GET', url: `${relay.url}/r/x` });
  body.resume();
  assert.equal(status, 404);
  assert.equal(headers.connection, 'keep-alive');
});

test('strangers who begin to join and never go on keep nobody from joining', async (t) => {
  const { installation, production, root } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined);
  root.intercept((request, response) => {
    if (request.method !== 'POST') return false;
    request.resume().on('end', () => response.writeHead(418).end('{}'));
    return true;
  });
  const tls = clientTls({ caPem: installation.ca.certificatePem });
  const slow = Array.from({ length: 80 }, () => {
    const headers = { 'content-length': 100, expect: '100-continue' };
    const request = httpsRequest(`${relay.url}/join`, { ...tls, method: 'POST', headers, agent: false });
    request.on('error', () => undefined);
    removeLater(t, () => void request.destroy());
    request.flushHeaders();
    return request;
  });
  // Each has been let in by the relay and owes it a body.
  await Promise.all(
    slow.map((request) => Promise.race([once(request, 'continue'), once(request, 'response')])),
  );
  const http = createHttpClient({ tls });
  removeLater(t, () => http.close());
  const { status, body } = await http.request({ method: 'POST', url: `${relay.url}/join`, body: 'sealed' });
  body.resume();
  assert.equal(status, 418);
});

test('a plain host may not make the relay hold the batch of a whole tree', async (t) => {
  const { installation, production, root } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined);
  const send = async (parents: { parents: string[]; serves?: [typeof production.id] }): Promise<number> => {
    const { http } = clientOf(t, await installation.join(production, parents));
    const text = `{"format":"xylem-reports-1","reports":[],"more":"${'x'.repeat(3 * 2 ** 20)}"}`;
    const answer = await http.request({ method: 'POST', url: `${relay.url}/reports`, body: text });
    answer.body.resume();
    return answer.status;
  };
  // Whoever is cut off while it sends hears nothing more.
  assert.equal(await send({ parents: [relay.url] }).catch(() => 413), 413);
  assert.equal(await send({ parents: [relay.url], serves: [production.id] }), 202);
});
