import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { createHttpClient, readBody } from '@xylem/platform';
import { removeLater, waitUntil } from '@xylem/testkit';
import { clientTls } from '@xylem/trust';
import { batchOf, reportOf } from './testing/reports.ts';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

test('reports travel up through two relays and the watermark comes back down', async (t) => {
  const { installation, production, root } = await world(t);
  const upper = await startRelay(
    t,
    await installation.join(production, { parents: [root.url], serves: [production.id] }),
  );
  const lower = await startRelay(
    t,
    await installation.join(production, { parents: [upper.url], serves: [production.id] }),
  );
  await waitUntil(() => snapshotAt(lower, production.id) > 0);
  const host = await installation.join(production, { parents: [lower.url] });
  const { http, get } = clientOf(t, host);
  const send = async (body: string): Promise<{ status: number; text: string }> => {
    const answer = await http.request({ method: 'POST', url: `${lower.url}/reports`, body });
    return { status: answer.status, text: (await readBody(answer.body, 2 ** 20, 'answer')).toString() };
  };
  assert.equal((await get(`${lower.url}/watermarks/${host.identity.host}`)).status, 404);
  const first = await send(batchOf(reportOf(host, 1), reportOf(host, 3), reportOf(host, 2)));
  assert.equal(first.status, 202, first.text);
  await waitUntil(() => root.reports.get(host.identity.host)?.sequence === 3);
  await waitUntil(() => lower.status().spooledReports === 0 && upper.status().spooledReports === 0);
  assert.equal((await get(`${lower.url}/watermarks/${host.identity.host}`)).status, 200);
  // What the root server has already is taken and answered with the watermark.
  const again = await send(batchOf(reportOf(host, 3)));
  assert.equal(JSON.parse(again.text).watermarks.length, 1);
  assert.equal(lower.status().spooledReports, 0);
});

test('reports survive a dead parent and a restart, folded to one for each host', async (t) => {
  const { installation, production, root } = await world(t);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const relay = await startRelay(t, joined);
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  root.intercept((request, response) => request.url === '/reports' && Boolean(response.writeHead(503).end()));
  const host = await installation.join(production, { parents: [relay.url] });
  const { http } = clientOf(t, host);
  for (const sequence of [1, 2, 3]) {
    const url = `${relay.url}/reports`;
    const { status, body } = await http.request({
      method: 'POST',
      url,
      body: batchOf(reportOf(host, sequence)),
    });
    body.resume();
    assert.equal(status, 202);
  }
  await waitUntil(() => relay.status().faults.some(({ code }) => code === 'E_PARENT_REFUSED'));
  assert.equal(relay.status().spooledReports, 1);
  assert.equal(relay.serving().supersededReports, 2);
  assert.equal(relay.serving().supersededReportsTotal, 2);
  await relay.close();
  const again = await startRelay(t, joined);
  assert.equal(again.status().spooledReports, 1);
  root.intercept(null);
  await waitUntil(() => again.status().spooledReports === 0);
  assert.equal(root.reports.get(host.identity.host)?.sequence, 3);
});

test('a host brings only its own reports, and nobody brings rubbish', async (t) => {
  const { installation, production, root } = await world(t);
  const relay = await startRelay(
    t,
    await installation.join(production, { parents: [root.url], serves: [production.id] }),
  );
  const host = await installation.join(production, { parents: [relay.url] });
  const other = await installation.join(production, { parents: [relay.url] });
  const { http } = clientOf(t, host);
  const send = async (body: string | Uint8Array, headers = {}): Promise<string> => {
    const answer = await http.request({ method: 'POST', url: `${relay.url}/reports`, body, headers });
    return `${answer.status} ${JSON.parse((await readBody(answer.body, 2 ** 20, 'answer')).toString()).code}`;
  };
  assert.equal(await send(batchOf(reportOf(other, 1))), '400 E_FORBIDDEN');
  assert.equal(await send('{}'), '400 E_REPORT_INVALID');
  assert.equal(await send('not zstd', { 'content-encoding': 'zstd' }), '400 E_REPORT_INVALID');
  assert.equal(await send(Buffer.alloc(17 * 2 ** 20, 32)).catch(() => 'cut'), '413 E_TOO_LARGE');
  assert.equal(relay.status().spooledReports, 0);
});

test('joining and renewing are passed on unread; without a parent the answer says so', async (t) => {
  const { installation, production, root } = await world(t);
  const relay = await startRelay(
    t,
    await installation.join(production, { parents: [root.url], serves: [production.id] }),
  );
  const got: string[] = [];
  root.intercept((request, response) => {
    if (request.method !== 'POST') return false;
    request.setEncoding('utf8').on('data', (text: string) => got.push(`${request.url} ${text}`));
    request.on('end', () => response.writeHead(418).end('{"from":"root"}'));
    return true;
  });
  const http = createHttpClient({ tls: clientTls({ caPem: installation.ca.certificatePem }) });
  removeLater(t, () => http.close());
  const post = async (route: string, body: string): Promise<string> => {
    const answer = await http.request({ method: 'POST', url: `${relay.url}${route}`, body });
    const text = await readBody(answer.body, 2 ** 20, 'answer');
    return `${answer.status} ${text.toString()}`;
  };
  assert.equal(await post('/join', 'sealed'), '418 {"from":"root"}');
  assert.equal(await post('/renew', 'sealed too'), '418 {"from":"root"}');
  assert.deepEqual(got, ['/join sealed', '/renew sealed too']);
  // Everything else wants a certificate, and does not even say so.
  const news = await http.request({ method: 'GET', url: `${relay.url}/news?since=${production.id}.0` });
  assert.equal(news.status, 404);
  await root.close();
  assert.match(await post('/join', 'sealed'), /^503 .*E_PARENT_UNREACHABLE/);
});

test('an older TLS is refused, and a path that leads out of the folder leads nowhere', async (t) => {
  const { installation, production, root } = await world(t);
  const relay = await startRelay(
    t,
    await installation.join(production, { parents: [root.url], serves: [production.id] }),
  );
  const old = connect({
    port: relay.port,
    host: '127.0.0.1',
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  });
  await assert.rejects(once(old, 'secureConnect'), /protocol version|handshake/i);
  const { get } = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  for (const path of [
    `/r/${production.id}/../../identity/key.pem`,
    '/../spool/log-1',
    '/.tmp-work/x',
    '/o/%2e%2e/x',
  ]) {
    assert.equal((await get(`${relay.url}${path}`)).status, 404, path);
  }
});

test('a report that the parent refuses holds up no other', async (t) => {
  const { installation, production, root } = await world(t);
  const own = { parents: [root.url], serves: [production.id] };
  const relay = await startRelay(t, await installation.join(production, own), {
    timing: { reportBatchMs: 300 },
  });
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  const hosts = [];
  for (let count = 0; count < 5; count += 1) {
    hosts.push(await installation.join(production, { parents: [relay.url] }));
  }
  const bad = hosts[2]?.identity.host ?? '';
  root.refuseReportsOf.add(bad);
  for (const host of hosts) {
    const { http } = clientOf(t, host);
    const { status, body } = await http.request({
      method: 'POST',
      url: `${relay.url}/reports`,
      body: batchOf(reportOf(host, 1)),
    });
    body.resume();
    assert.equal(status, 202);
  }
  await waitUntil(() => root.reports.size === 4);
  assert.equal(root.reports.has(bad), false);
  // The root server has them before its answers are back here.
  await waitUntil(() => relay.status().spooledReports === 1);
});

test('a relay says what it answered and what waits in it, to this machine', async (t) => {
  const { installation, production, root, deploy } = await world(t);
  const { snapshot } = await deploy('1.0.0');
  const relay = await startRelay(
    t,
    await installation.join(production, { parents: [root.url], serves: [production.id] }),
  );
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  root.intercept((request, response) => request.url === '/reports' && Boolean(response.writeHead(503).end()));
  const host = await installation.join(production, { parents: [relay.url] });
  const { http, get } = clientOf(t, host);
  const url = `${relay.url}/reports`;
  const { status, body } = await http.request({ method: 'POST', url, body: batchOf(reportOf(host, 1)) });
  await readBody(body, 2 ** 20, 'answer');
  assert.equal(status, 202);
  await get(`${relay.url}/r/${production.id}/metadata/timestamp.json`);
  const text = await waitUntil(async () => {
    const found = (await get(`${relay.url}/metrics`)).body.toString();
    return found.includes('xylem_requests_total{class="metadata",status="200"} 1') ? found : null;
  });
  for (const line of [
    'xylem_requests_total{class="report",status="202"} 1',
    'xylem_spooled_reports 1',
    'xylem_children 1',
    'xylem_followed_environments 1',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line} in\n${text}`);
  }
  assert.match(text, /^xylem_spooled_bytes [1-9]\d*$/m);
  assert.match(text, /^xylem_sent_bytes_total\{class="metadata"\} [1-9]\d*$/m);
});
