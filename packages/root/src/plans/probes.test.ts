import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, type TestContext, test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { apiClient } from '../testing/api-client.ts';
import { testDatabases } from '../testing/databases.ts';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const patience = 60_000;

/** A page that users would see. */
async function site(t: TestContext) {
  const page = { status: 500, asked: 0 };
  const server = createServer((_request, response) => {
    page.asked += 1;
    response.writeHead(page.status).end('welcome');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { page, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const fileOf = (url: string): string => `release: shop@1.0.0
stages:
  - name: staging
    to: acme/staging
    verification: { probes: [{ name: front, url: '${url}', expect: { contains: welcome } }], for: 1h }
  - { name: production, to: acme/production }
`;

for (const { kind, skip, options } of await testDatabases({ after })) {
  test(`${kind}: what a plan asks itself holds its stage, over a restart, and is forgotten with it`, {
    skip,
  }, async (t) => {
    const clock = shiftedClock(-24 * 3600_000);
    const root = await rootFixture(t, { clock, ...(await options('plan_probes')) });
    const { page, url } = await site(t);
    const shop = await publisher(t, root, 'shop');
    await shop.publish('web', '1.0.0', { a: '1' });
    await shop.release('1.0.0', { web: '1.0.0' });
    for (const name of ['acme/staging', 'acme/production']) {
      const yaml = JSON.stringify({ environment: name, products: { shop: {} }, policy: { after: 'none' } });
      await root.api('environmentCreate', { body: { name, yaml } });
    }
    const { token } = await root.api('tokenCreate', { body: { environment: 'acme/staging' } });
    const host = await fakeHost(root, token, { name: 'web-1' });
    const folder = await tempFolder(t, 'tuf');
    const body = { yaml: fileOf(url), file: 'plan.yaml' };

    const password = 'a password of some length';
    const grants = [{ role: 'operator' as const, scope: 'acme' }];
    await root.api('personCreate', { body: { name: 'anna', password, grants } });
    const anna = (await root.api('signIn', { body: { name: 'anna', password } })).token;
    await assert.rejects(apiClient(() => root.running().apiUrl, anna)('planCreateFile', { body }), {
      code: 'E_INPUT',
      message: /plan\.yaml:5:\d+: .*probes\[0\]\.url: the address lies in a network inside/,
    });

    const { id, stages } = await root.api('planCreateFile', { body });
    const probe = { name: 'front', url, expect: { contains: 'welcome' } };
    const stated = [{ probe, last: null }];
    assert.deepEqual(stages[0]?.verification, { probes: ['front'], seconds: 3600, stated });
    await root.api('planStart', { params: { id }, body: {} });
    const show = async () => await root.api('planShow', { params: { id } });
    const last = async () => (await show()).stages[0]?.verification?.stated?.[0]?.last ?? null;
    const waits = async (): Promise<string> => (await show()).next?.what ?? '';
    await waitUntil(async () => {
      await host.report((await host.desiredState(folder)).assignments.slice(0, 1));
      return (await show()).stages[0]?.standing?.state === 'soaking';
    }, patience);
    clock.pass(2 * 3600_000);
    const failing = 'staging has soaked; acme/staging: front: status 500 instead of 200';
    await waitUntil(async () => (await waits()) === failing, patience);

    page.status = 200;
    clock.pass(60_000);
    const passes = await waitUntil(async () => {
      const seen = await last();
      return seen?.state === 'pass' ? seen : null;
    }, patience);
    assert.equal(await waits(), `staging has soaked; acme/staging: front passes since ${passes.since} only`);
    await root.restart();
    clock.pass(3600_000);
    await waitUntil(async () => (await show()).stages[0]?.standing?.state === 'passed', patience);
    assert.equal((await last())?.since, passes.since, 'its time did not begin anew');

    await root.api('planStop', { params: { id }, body: { reason: 'enough' } });
    assert.deepEqual((await show()).stages[0]?.verification, { probes: ['front'], seconds: 3600, stated });
  });
}
