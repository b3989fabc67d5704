import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('counts are shown to who may read in the whole installation', async (t) => {
  const root = await rootFixture(t);
  const url = `${root.running().apiUrl}/metrics`;
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const host = await fakeHost(root, token, { name: 'web-1' });
  await host.report([]);
  const shown = async (bearer = root.token): Promise<string> => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } });
    return `${answer.status} ${answer.headers.get('content-type')}\n${await answer.text()}`;
  };
  const text = await waitUntil(async () => {
    const found = await shown();
    return found.includes('class="report",status="202"} 1') ? found : null;
  });
  assert.match(text, /^200 text\/plain; version=0\.0\.4/);
  for (const line of [
    'xylem_hosts 1',
    'xylem_relays 0',
    'xylem_deployments_open 0',
    'xylem_incidents_open 0',
    'xylem_reports_taken_total 1',
    'xylem_reports_changed_total 1',
    'xylem_reports_refused_total 0',
    'xylem_requests_total{class="join",status="200"} 1',
    'xylem_handshakes_waiting 0',
    'xylem_handshakes_total{result="failed"} 0',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line} in\n${text}`);
  }
  assert.match(text, /^xylem_handshakes_total\{result="done"\} [1-9]/m);
  assert.match(text, /^process_cpu_seconds_total 0?\.?\d/m);
  assert.match(text, /^process_resident_memory_bytes \d{7,}$/m);

  assert.equal((await fetch(url)).status, 401);
  const { token: narrow } = await root.api('apiTokenCreate', {
    body: { name: 'acme', grants: [{ role: 'viewer', scope: 'acme' }] },
  } as never);
  assert.match(await shown(narrow), /^403 /);
});
