import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProbeReport, timeOf } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const patience = 60_000;
const file = (probe: string): string => `release: shop@1.0.0
stages:
  - { name: staging, to: acme/staging, verification: { probes: [${probe}], for: 1h } }
  - { name: production, to: acme/production }
`;

test('a stage is followed by the next once what users see has passed for so long, also over a restart', async (t) => {
  const clock = shiftedClock(-24 * 3600_000);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  await shop.publish('web', '1.0.0', { a: '1' });
  await shop.release('1.0.0', { web: '1.0.0' });
  const own = { name: 'own', url: 'http://localhost/', from: 'hosts' };
  const policy = { after: 'none', verify: [own] };
  for (const name of ['acme/staging', 'acme/production']) {
    const yaml = JSON.stringify({ environment: name, products: { shop: {} }, policy });
    await root.api('environmentCreate', { body: { name, yaml } });
  }
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/staging' } });
  const host = await fakeHost(root, token, { name: 'web-1' });
  const folder = await tempFolder(t, 'tuf');
  const say = async (state: ProbeReport['state']) => {
    const desired = await host.desiredState(folder);
    const { of = '' } = desired.policy.verify?.[0] ?? {};
    const at = timeOf(clock.now() + 2000);
    const probes = [{ name: 'own', of, state, reason: state, since: at, at }];
    const [placed] = desired.assignments;
    await host.report(placed === undefined ? [] : [placed], { probes });
    return probes;
  };
  const planned = (yaml: string) => root.api('planCreateFile', { body: { yaml, file: 'plan.yaml' } });
  await assert.rejects(planned(file('front')), {
    code: 'E_INPUT',
    message: /plan\.yaml:3:.*acme\/staging has no front/,
  });
  const { id, stages } = await planned(file('own'));
  assert.deepEqual(stages[0]?.verification, { probes: ['own'], seconds: 3600 });
  await root.api('planStart', { params: { id }, body: {} });
  const show = () => root.api('planShow', { params: { id } });
  await waitUntil(async () => {
    await say('fail');
    return (await show()).stages[0]?.standing?.state === 'soaking';
  }, patience);
  assert.match((await show()).next?.what ?? '', /^staging soaks until/);
  clock.pass(2 * 3600_000);
  await say('fail');
  const waits = async (): Promise<string> => (await show()).next?.what ?? '';
  const wanted = 'staging has soaked; acme/staging: own has passed for 3600 s on 0 of 1 host';
  assert.equal(await waits(), wanted);
  const passed = await say('pass');
  assert.equal(await waits(), wanted, 'not for so long yet');
  await root.restart();
  clock.pass(3700_000);
  await host.report(undefined, { probes: passed });
  await waitUntil(async () => (await show()).stages[0]?.standing?.state === 'passed', patience);
  await waitUntil(async () => (await show()).stages[1]?.standing?.state !== 'waiting', patience);
});
