import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { timeOf } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { personOf } from '../testing/person.ts';
import { shopInRings } from '../testing/shop-in-rings.ts';

const hour = 3_600_000;
const name = 'acme/one';
const params = { tenant: 'acme', environment: 'one' };
const haste = { urgent: true, reason: 'A hole is open.' };
const deploying = (more: object) => ({
  kind: 'deploy' as const,
  product: 'shop',
  version: '2.0.0',
  environments: [name],
  ...more,
});

/** One production with a host that runs 1.0.0, which has a lock. */
async function production(t: TestContext) {
  const shop = await shopInRings(t, {
    only: ['one'],
    document: { format: 'xylem-package-2', needs: ['lock'], lock: { file: 'busy' } },
  });
  const { root, clock, hosts } = shop;
  await shop.bring('1.0.0');
  const setPolicy = async (policy: object) => {
    const { version: baseVersion } = await root.api('environmentYaml', { params });
    const spec = { environment: name, stage: 'production', products: { shop: {} } };
    const yaml = JSON.stringify({ ...spec, policy: { after: 'none', ...policy } });
    await root.api('environmentYamlPut', { params, body: { baseVersion, yaml } });
  };
  const period = (called: string, inHours: number, hours: number) => ({
    name: called,
    zone: 'UTC',
    start: timeOf(clock.now() + inHours * hour).slice(0, 16),
    duration: `PT${hours}H`,
  });
  const host = hosts.get('one') ?? assert.fail();
  const folder = await tempFolder(t, 'tuf');
  const assigned = async () => {
    const [first] = (await host.desiredState(folder)).assignments;
    return { urgent: first?.urgent, passes: first?.passes, overrides: first?.overrides };
  };
  return { ...shop, host, setPolicy, period, assigned };
}

test('a plan passes the freezes and locks that it names, signs exactly that, and says what still holds', async (t) => {
  const { root, setPolicy, period, assigned, planned, start } = await production(t);
  const [christmas, monthEnd, nights] = [
    period('christmas', -1, 48),
    period('month-end', -1, 24),
    period('nights', 5, 2),
  ];
  await setPolicy({
    freezes: [christmas, monthEnd, period('later', 90, 1)],
    windows: [{ ...nights, rule: 'FREQ=DAILY' }],
    quota: { changes: 3, hours: 24 },
    urgentPassesFreezes: true,
  });
  const plan = (passes: readonly string[]) =>
    root.api('planCreate', { body: deploying({ ...haste, passes }) as never });
  await assert.rejects(plan(['freezes:xmas']), {
    code: 'E_INPUT',
    message:
      /freezes:xmas, which no environment.*There is freezes:christmas, freezes:later, freezes:month-end\./,
  });
  await assert.rejects(plan(['locks:backup']), { code: 'E_INPUT', message: /There is locks:shop-web\./ });
  const file = `release: shop@2.0.0\nto: ${name}\nurgent: true\nwhy: A hole is open.\npasses: `;
  await assert.rejects(planned(`${file}[locks:backup]\n`), { code: 'E_INPUT', message: /locks:backup/ });
  await assert.rejects(plan(['windows:nights']), { code: 'E_INPUT', message: /windows add up/ });
  await assert.rejects(planned(`${file}[windows:nights]\n`), { code: 'E_INPUT', message: /windows add up/ });

  const { id, stages } = await plan(['freezes:christmas', 'locks:shop-web']);
  const found = stages[0]?.environments[0]?.found;
  const until = (of: { start: string }, hours: number) =>
    timeOf(Date.parse(`${of.start}:00Z`) + hours * hour);
  assert.deepEqual(found?.holds, [
    { hold: 'windows', name: 'nights', passed: true, hosts: 1, until: until(nights, 0) },
    { hold: 'freezes', name: 'christmas', passed: true, hosts: 1, until: until(christmas, 48) },
    { hold: 'freezes', name: 'month-end', passed: false, hosts: 1, until: until(monthEnd, 24) },
    { hold: 'freezes', name: 'later', passed: false, hosts: 0, until: null },
    { hold: 'quotas', name: null, passed: true, hosts: null, until: null },
    { hold: 'locks', name: 'shop-web', passed: true, hosts: null, until: null },
  ]);
  assert.equal(found.begins.first, until(monthEnd, 24), 'the freeze that is not named holds');
  await assert.rejects(start(id), {
    code: 'E_APPROVAL_MISSING',
    message: /freezes:christmas and locks:shop-web/,
  });
  const bob = await personOf(root, 'bob');
  await bob('planApprove', { params: { id }, body: {} });
  await start(id);
  const overrides = ['freezes:christmas', 'locks:shop-web', 'quotas', 'windows'];
  // Agents that know no overrides would pass all freezes by this policy.
  assert.deepEqual(await assigned(), { urgent: undefined, passes: undefined, overrides });
  await setPolicy({ freezes: [christmas, monthEnd] });
  assert.deepEqual(await assigned(), { urgent: true, passes: undefined, overrides });
  const later = await plan(['freezes:month-end']);
  await setPolicy({ freezes: [christmas] });
  await assert.rejects(root.api('planRefresh', { params: { id: later.id } }), {
    code: 'E_INPUT',
    message: /freezes:month-end, which no environment.*There is freezes:christmas\./,
  });
});

test('who passes windows or quotas alone passes no more, and needs nobody for it', async (t) => {
  const { root, setPolicy, period, assigned } = await production(t);
  await setPolicy({ windows: [period('nights', 5, 2)], quota: { changes: 3, hours: 24 } });
  const { stages } = await root.api('planCreate', { body: deploying({ ...haste, passes: ['quotas'] }) });
  const found = stages[0]?.environments[0]?.found;
  assert.deepEqual(
    found?.holds?.map(({ hold, passed }) => [hold, passed]),
    [
      ['windows', false],
      ['quotas', true],
      ['locks', false],
    ],
  );
  assert.deepEqual([found?.begins.now, found?.begins.later], [0, 1]);
  await root.api('deploymentCreate', { body: deploying({ ...haste, passes: ['quotas'] }) });
  assert.deepEqual(await assigned(), { urgent: undefined, passes: undefined, overrides: ['quotas'] });
  await root.api('deploymentCreate', { body: deploying({ ...haste, version: '3.0.0' }) });
  assert.deepEqual(await assigned(), { urgent: true, passes: undefined, overrides: undefined });
});

test('what is urgent passes open incidents where it says so and another approved it, in one plan', async (t) => {
  const { root, clock, host, setPolicy, start } = await production(t);
  await setPolicy({ incidents: 'none' });
  const since = timeOf(clock.now());
  const waiting = [{ component: null, code: 'E_DISK_FULL', message: 'The disk is full.', since }];
  await host.report(undefined, { waiting });
  await waitUntil(async () => (await root.api('incidentList')).incidents.length > 0, 30_000);
  await assert.rejects(root.api('deploymentCreate', { body: deploying(haste) }), {
    code: 'E_INCIDENT',
    message: /xylem plan shop@2\.0\.0 --to acme\/one --urgent --force incidents --reason …`/,
  });
  const { id } = await root.api('planCreate', { body: deploying({ ...haste, forces: ['incidents'] }) });
  await root.api('planApprove', { params: { id }, body: {} });
  await assert.rejects(start(id), {
    code: 'E_INCIDENT',
    message: new RegExp(`once another person approves it: \`xylem plan approve ${id}\``),
  });
  const bob = await personOf(root, 'bob');
  await bob('planApprove', { params: { id }, body: {} });
  assert.equal((await start(id)).deployments.length, 1);
});
