import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startProcess } from '@xylem/testkit';
import { apiClient } from '../testing/api-client.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { type RootFixture, rootFixture, run } from '../testing/root-fixture.ts';

const program = fileURLToPath(new URL('../testing/run-root-process.ts', import.meta.url));

test('a report that was answered 202 is there after SIGKILL', async (t) => {
  const first = await rootFixture(t);
  await first.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await first.api('tokenCreate', { body: { environment: 'production' } });
  const host = await fakeHost(first, token, { name: 'a' });
  await first.running().close();

  for (let round = 1; round <= 3; round += 1) {
    const child = await startProcess({
      context: t,
      command: process.execPath,
      args: [program, first.folder],
    });
    const [, apiUrl = '', nodesUrl = ''] = await child.waitForLine(/^listening (\S+) (\S+)/, 20_000);
    const fixture: RootFixture = {
      ...first,
      running: () => ({ apiUrl, nodesUrl, ended: Promise.resolve(), close: async () => undefined }),
      api: apiClient(() => apiUrl, first.token),
    };
    host.moveTo(fixture);
    // Many at once, killed in the moment of the first answer: whatever was answered must be there.
    const answers = await Promise.race([
      Promise.all(Array.from({ length: 5 }, () => host.report())),
      host.report().then((status) => [status]),
    ]);
    assert.ok(answers.every((status) => status === 202));
    const reported = host.sequence();
    await child.kill('SIGKILL');
    const again = await run(first.folder);
    host.moveTo({ ...first, running: () => again, api: apiClient(() => again.apiUrl, first.token) });
    const { status, body } = await host.get(`/watermarks/${host.id}`);
    await again.close();
    assert.equal(status, 200);
    const { payload } = JSON.parse(body.toString()) as { payload: string };
    const mark = JSON.parse(Buffer.from(payload, 'base64').toString()) as { sequence: number };
    assert.ok(mark.sequence >= host.answered() && mark.sequence <= reported, `${mark.sequence}`);
  }
});

test('tells a watermark to its host and to relays, and to others nothing', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const hosts = await root.api('tokenCreate', { body: { environment: 'production', uses: 2 } });
  const relays = await root.api('tokenCreate', { body: { environment: 'production', serve: true } });
  const a = await fakeHost(root, hosts.token, { name: 'a' });
  const b = await fakeHost(root, hosts.token, { name: 'b' });
  const relay = await fakeHost(root, relays.token, { name: 'relay', serve: true });
  assert.equal(await a.report(), 202);
  assert.equal((await a.get(`/watermarks/${a.id}`)).status, 200);
  assert.equal((await relay.get(`/watermarks/${a.id}`)).status, 200);
  const refused = await b.get(`/watermarks/${a.id}`);
  const unknown = await b.get(`/watermarks/${'0'.repeat(32)}`);
  assert.equal(refused.status, 404);
  assert.deepEqual(refused.body, unknown.body);
  const look = { format: 'xylem-look-1', reports: [] };
  const { status } = await relay.post('/watermarks', Buffer.from(JSON.stringify(look)));
  assert.equal(status, 404, 'by which a relay knows that it is to send again');
});

test('takes reports only by the key of the host that they speak of', async (t) => {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', uses: 2 } });
  const a = await fakeHost(root, token, { name: 'a' });
  const b = await fakeHost(root, token, { name: 'b' });
  assert.equal(await a.report([], { host: b.id }), 202);
  const shown = await root.api('hostShow', { params: { host: b.id } });
  assert.equal(shown.lastReport, null);
  assert.equal((await b.get(`/watermarks/${b.id}`)).status, 404);
  const { status } = await fetch(`${root.running().apiUrl}/reports`, { method: 'POST', body: '{}' });
  assert.equal(status, 404);
});
