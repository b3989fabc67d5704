import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, installDebian, removeLater, startProcess, tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { type RootFixture, rootFixture } from '../testing/root-fixture.ts';

const missing = await installDebian('prometheus');
const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;

async function environment(root: RootFixture, name: string, metrics: readonly object[]): Promise<void> {
  await root.api('environmentCreate', { body: { name } });
  const [tenant = '', short = ''] = name.split('/');
  const params = { tenant, environment: short };
  const { version } = await root.api('environmentYaml', { params });
  const yaml = JSON.stringify({ environment: name, policy: { metrics } });
  await root.api('environmentYamlPut', { params, body: { baseVersion: version, yaml } });
}

test('a real Prometheus says figures by host', { skip: missing?.skip ?? false }, async (t) => {
  let requests = 0;
  const service = createServer((_, response) => {
    requests += 100;
    const lines = ['web-1', 'web-2', 'stranger'].flatMap((host, index) => [
      `http_requests_total{node="${host}",code="200"} ${requests}`,
      `http_requests_total{node="${host}",code="500"} ${index * requests}`,
    ]);
    response.end(`${lines.join('\n')}\n`);
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  removeLater(t, () => new Promise<void>((resolve) => service.close(() => resolve())));
  const folder = await tempFolder(t, 'prometheus');
  const target = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [target] }] }],
  };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  await startProcess({
    context: t,
    command: '/usr/bin/prometheus',
    args: [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });

  const root = await rootFixture(t);
  const sum = (more: string) => `sum by (node) (increase(http_requests_total{${more}}[$window]))`;
  const metric = { source: 'main', bad: sum('code=~"5.."'), all: sum(''), host: 'node' };
  await environment(root, 'acme/live', [
    { name: 'errors', ...metric },
    { name: 'wrong', ...metric, all: 'sum by (node) (' },
    { name: 'number', ...metric, all: 'scalar(up)' },
  ]);
  await environment(root, 'other/live', [{ name: 'errors', ...metric }]);
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/live', uses: 2 } });
  for (const name of ['web-1', 'web-2']) await fakeHost(root, token, { name });
  const show = (name: string, tenant = 'acme') =>
    root.api('metricShow', {
      params: { tenant, environment: 'live', metric: name },
      query: { seconds: '60' },
    });
  await assert.rejects(show('errors'), code('E_NOT_FOUND'), 'no such source yet');
  const address = `http://127.0.0.1:${port}/`;
  const body = { kind: 'prometheus' as const, address, token: 'secret-word', tenant: 'acme' };
  const set = await root.api('metricSourceSet', { params: { name: 'main' }, body });
  assert.ok(set.hasToken && !JSON.stringify(set).includes('secret-word'));

  const figures = await waitUntil(async () => {
    const { hosts } = await show('errors').catch((error: unknown) => {
      // It may not listen yet.
      if (code('E_METRIC')(error)) return { hosts: [] };
      throw error;
    });
    // A scrape may be stored between the two questions: then one of them counts it, and the other does not.
    const half = hosts[1] !== undefined && Math.abs(hosts[1].bad / hosts[1].all - 0.5) < 0.01;
    return hosts.length === 2 && half ? hosts : null;
  }, 60_000);
  assert.deepEqual(
    figures.map(({ name, bad, all }) => [name, bad > 0, all > 0]),
    [
      ['web-1', false, true],
      ['web-2', true, true],
    ],
  );

  await assert.rejects(
    show('wrong'),
    (error: Error) => code('E_METRIC')(error) && /parse error/.test(error.message),
  );
  await assert.rejects(
    show('number'),
    (error: Error) => code('E_METRIC')(error) && /scalar/.test(error.message),
  );
  await assert.rejects(show('errors', 'other'), code('E_NOT_FOUND'), 'the source is of another tenant');
  await assert.rejects(show('absent'), code('E_NOT_FOUND'));
  await root.api('metricSourceRemove', { params: { name: 'main' } });
  await assert.rejects(show('errors'), code('E_NOT_FOUND'));
});

test('a program of the root server says figures by host, and what it says wrong is none', async (t) => {
  const root = await rootFixture(t);
  await environment(root, 'acme/live', [{ name: 'slow', source: 'latency' }]);
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/live' } });
  const host = await fakeHost(root, token, { name: 'web-1' });
  const body = { kind: 'program' as const, address: 'latency' };
  await root.api('metricSourceSet', { params: { name: 'latency' }, body });
  const show = () =>
    root.api('metricShow', { params: { tenant: 'acme', environment: 'live', metric: 'slow' }, query: {} });
  await assert.rejects(show(), code('E_METRIC'), 'there is no such file');
  const folder = join(root.folder, 'metrics');
  mkdirSync(folder);
  const write = (script: string) =>
    writeFileSync(join(folder, 'latency'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

  write(`grep -q '"environment":"acme/live","metric":"slow","from"' || exit 3
echo '{"hosts":[{"host":"${host.id}","bad":7,"all":5},{"host":"web-9","bad":0,"all":5},{"host":"web-1","bad":0,"all":0}]}'`);
  assert.deepEqual((await show()).hosts, [{ host: host.id, name: 'web-1', bad: 5, all: 5 }]);
  for (const [script, message] of [
    ['echo sorry >&2; exit 1', /failed. It said last: sorry/],
    ['echo no', /does not answer as/],
    [`echo '{"hosts":[{"host":"web-1","bad":-1,"all":5}]}'`, /does not answer as/],
    [`echo '{"hosts":{}}'`, /does not answer as/],
  ] as const) {
    write(script);
    await assert.rejects(
      show(),
      (error: Error) => code('E_METRIC')(error) && message.test(error.message),
      script,
    );
  }
  for (const address of ['../keys/x', '/bin/sh', 'http://127.0.0.1/']) {
    await assert.rejects(
      root.api('metricSourceSet', { params: { name: 'x' }, body: { kind: 'program', address } }),
      code('E_INPUT'),
      address,
    );
  }
});
