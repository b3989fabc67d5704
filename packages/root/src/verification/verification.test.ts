import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AfterSeen, type AfterWatch, lookAfter } from '@xylem/core';
import { tempFolder, tlsServer, waitUntil } from '@xylem/testkit';
import { apiClient } from '../testing/api-client.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { replaysWatch } from '../testing/replays.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const place = { tenant: 'acme', environment: 'production' };
const name = 'acme/production';

async function shop(t: TestContext, probes: (url: string, ca: string) => readonly object[]) {
  const clock = shiftedClock(0);
  const root = await rootFixture(t, { clock });
  const product = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0']) {
    await product.publish('web', version, { a: version });
    await product.release(version, { web: version });
  }
  const site = { status: 200 };
  const { url, certificate } = await tlsServer(t, 30, (request, response) => {
    response.writeHead(request.url === '/broken' ? 500 : site.status).end('welcome');
  });
  const policy = {
    watch: { seconds: 600, onFail: 'rollback' },
    strategy: { kind: 'all-at-once' },
    verify: probes(url, certificate),
    metrics: [{ name: 'errors', source: 'errors', limit: 0.9 }],
  };
  mkdirSync(join(root.folder, 'metrics'));
  const program = `#!/bin/sh\nread -r question || true\necho "$question" >> "$0.asked"\necho '{"hosts":[{"host":"web-1","bad":2,"all":100}]}'\n`;
  writeFileSync(join(root.folder, 'metrics', 'errors'), program, { mode: 0o755 });
  const source = { kind: 'program' as const, address: 'errors' };
  await root.api('metricSourceSet', { params: { name: 'errors' }, body: source });
  const yaml = JSON.stringify({ environment: name, products: { shop: {} }, policy });
  await root.api('environmentCreate', { body: { name, yaml } });
  const { token } = await root.api('tokenCreate', { body: { environment: name } });
  const host = await fakeHost(root, token, { name: 'web-1' });
  const folder = await tempFolder(t, 'tuf');
  const show = (id: string) => root.api('deploymentShow', { params: { id } });
  const deploy = async (version: string) => {
    const body = {
      kind: 'deploy' as const,
      product: 'shop',
      version,
      environments: [name],
      strategy: { kind: 'all-at-once' as const },
    };
    const { deployments } = await root.api('deploymentCreate', { body });
    const id = deployments[0]?.id ?? assert.fail();
    await waitUntil(async () => {
      await host.report((await host.desiredState(folder)).assignments.slice(0, 1));
      // What metrics are named for bakes.
      clock.pass(10_000);
      return (await show(id)).state === 'succeeded';
    }, 60_000);
    return id;
  };
  return { root, clock, site, deploy, show };
}

test('a probe that passed before and fails after takes a release back; one that failed before does not', async (t) => {
  const { root, clock, site, deploy, show } = await shop(t, (url, ca) => [
    { name: 'front', url, ca, expect: { contains: 'welcome' }, certificate: { minimumDays: 14 } },
    { name: 'ill', url: `${url}/broken`, ca },
  ]);
  const asked = await root.api('environmentVerify', { params: place });
  assert.deepEqual(
    asked.probes.map(({ name: probe, state, reason }) => [probe, state, reason.replace(/in \d+ ms/, '')]),
    [
      ['front', 'pass', 'status 200 , certificate for 29 days'],
      ['ill', 'fail', 'status 500 instead of 200'],
    ],
  );
  const plan = await root.api('planCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: [name] },
  });
  const gate = plan.stages[0]?.environments[0]?.found.gates.find((one) => one.gate === 'probes');
  assert.ok(gate?.open);
  assert.match(gate.saw, /^1 of 2 probes pass. failing already, .*: ill\.$/);

  const first = await deploy('1.0.0');
  clock.pass(601_000);
  // What was asked before it succeeded is no proof: it is asked again first.
  const passed = await waitUntil(async () => {
    const { watch } = await show(first);
    return watch?.state === 'watching' ? null : watch;
  }, 60_000);
  assert.equal(passed.state, 'passed', passed.reason ?? '');
  assert.match(passed.reason ?? '', /1 probe passes; not counted, as they did not pass before: ill\./);

  const second = await deploy('2.0.0');
  site.status = 502;
  await waitUntil(async () => {
    clock.pass(5000);
    return (await show(second)).watch?.probes?.[0]?.now === 'fail';
  }, 60_000);
  await root.restart();
  const failed = await waitUntil(async () => {
    clock.pass(20_000);
    const { watch } = await show(second);
    return watch?.state === 'watching' ? null : watch;
  }, 60_000);
  assert.equal(failed.state, 'failed', failed.reason ?? '');
  assert.equal(
    failed.reason,
    'After it had succeeded a probe fails that had passed before: front: status 502 instead of 200.',
  );
  const all = await root.api('deploymentList', { query: { product: 'shop' } });
  assert.ok(all.deployments.some(({ kind, createdBy }) => kind === 'rollback' && createdBy.endsWith(second)));
  const { events } = await root.api('deploymentEvents', { params: { id: second } });
  const end = events.find(({ kind }) => kind === 'watch-failed') ?? assert.fail();
  const known = end.details as { watch: AfterWatch; seen: AfterSeen; at: number };
  assert.deepEqual(lookAfter(known.watch, known.seen, known.at), { kind: 'failed', reason: end.message });
  assert.equal((await replaysWatch(root, second)).state, 'failed');

  const figures = await waitUntil(async () => {
    const [figure] = (await show(first)).figures ?? [];
    return figure?.after === null ? null : figure;
  }, 60_000);
  assert.deepEqual(figures, {
    name: 'errors',
    before: { seconds: 600, bad: 2, all: 100 },
    after: { seconds: figures?.after?.seconds, bad: 2, all: 100 },
    errors: 1,
    load: 600 / (figures?.after?.seconds ?? 0),
    fault: null,
  });
});

test('addresses inside are asked for those alone who operate the whole installation', async (t) => {
  const { root, site } = await shop(t, (url, ca) => [{ name: 'front', url, ca }]);
  const { version, yaml } = await root.api('environmentYaml', { params: place });
  const body = { name: 'acme-operator', role: 'operator' as const, scope: 'acme' };
  const { token } = await root.api('apiTokenCreate', {
    body: { name: body.name, grants: [{ role: body.role, scope: body.scope }] },
  });
  const tenant = apiClient(() => root.running().apiUrl, token);
  const put = async (api: typeof tenant, change: (policy: { verify: { url: string }[] }) => void) => {
    const present = await root.api('environmentYaml', { params: place });
    const spec = JSON.parse(present.yaml);
    change(spec.policy);
    const wanted = { baseVersion: present.version, yaml: JSON.stringify(spec) };
    return await api('environmentYamlPut', { params: place, body: wanted });
  };
  const verify = async () => (await tenant('environmentVerify', { params: place })).probes[0];
  assert.equal(version, 1);
  assert.ok(yaml.includes('localhost'));
  assert.equal((await verify())?.state, 'pass');
  for (const url of ['http://127.0.0.1:1/', 'http://[::1]/', 'http://169.254.169.254/latest'])
    await assert.rejects(
      put(tenant, ({ verify: [probe] }) => Object.assign(probe ?? {}, { url, ca: undefined })),
      { code: 'E_INPUT', message: /network inside/ },
    );
  // What an operator of the installation allowed stays so when others change something else.
  await put(tenant, ({ verify: [probe] }) => Object.assign(probe ?? {}, { everySeconds: 30 }));
  assert.equal((await verify())?.state, 'pass');
  await put(tenant, ({ verify: [probe] }) => Object.assign(probe ?? {}, { url: `${probe?.url}/other` }));
  assert.match((await verify())?.reason ?? '', /lies in a network inside/);
  // They do not allow by a change of something else what somebody else wrote.
  await put(root.api, ({ verify: [probe] }) => Object.assign(probe ?? {}, { everySeconds: 60 }));
  assert.match((await verify())?.reason ?? '', /lies in a network inside/);
  await put(root.api, ({ verify: [probe] }) => Object.assign(probe ?? {}, { url: `${probe?.url}/mine` }));
  assert.equal((await verify())?.state, 'pass');
  site.status = 404;
  assert.equal((await verify())?.reason, 'status 404 instead of 200');
});
