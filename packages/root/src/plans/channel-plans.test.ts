import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const params = { tenant: 'acme', environment: 'production' };
const day = 86_400_000;
const yaml = (policy: string) =>
  `environment: acme/production\nproducts:\n  shop: { channel: stable }\npolicy: { ${policy} }\n`;

/** A host in acme/production, which follows shop/stable. */
async function following(t: TestContext, policy: string) {
  const clock = shiftedClock(-20 * day);
  const root = await rootFixture(t, { clock });
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0', '3.0.0', '4.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  await root.api('environmentCreate', { body: { name: 'acme/production', yaml: yaml(policy) } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const host = await fakeHost(root, token, { name: 'web-1' });
  const folder = await tempFolder(t, 'tuf');
  const plans = async () => {
    const { plans: listed } = await root.api('planList', { query: {} });
    return listed.map(({ id, by, version, state, number }) => ({ id, by, version, state, number }));
  };
  const planOf = async (version: string) =>
    (await plans()).find((plan) => plan.version === version) ?? assert.fail(`no plan for ${version}`);
  const approve = async (version: string) => {
    const { id } = await planOf(version);
    const { digest } = await root.api('planShow', { params: { id } });
    await root.api('planApprove', { params: { id }, body: { digest } });
  };
  const deployments = async () => {
    const listed = await root.api('deploymentList', { query: { environment: 'acme/production' } });
    return listed.deployments.map(({ kind, version, state }) => `${kind} ${version} ${state}`);
  };
  /** The host does what is asked of it until the newest deployment has succeeded. */
  const succeed = (what: string) =>
    waitUntil(
      async () => {
        const { assignments } = await host.desiredState(folder);
        await host.report(assignments.slice(0, 1));
        return (await deployments())[0] === `${what} succeeded`;
      },
      60_000,
      `${what} to succeed`,
    );
  /** What waits for its turn is looked at in its start. */
  const looked = () => root.restart();
  const waiting = async () =>
    (await root.api('environmentShow', { params })).waiting.map(({ version, code, reason }) => ({
      version,
      code,
      reason,
    }));
  return { root, clock, shop, plans, planOf, approve, deployments, succeed, looked, waiting };
}

test('a channel asks once for each release, begins when it is approved, and asks anew where facts changed', async (t) => {
  const { root, clock, shop, plans, planOf, approve, deployments, succeed, looked, waiting } =
    await following(t, 'approvals: [{ of: 1 }]');
  await shop.setChannel('stable', '1.0.0');
  await looked();
  const first = { by: 'channel/shop/stable', version: '1.0.0', state: 'open', number: 1 };
  const [made, ...more] = await plans();
  assert.ok(made);
  assert.deepEqual([made, more], [{ id: made.id, ...first }, []], 'made once, however often it is looked at');
  const [waits] = await waiting();
  assert.equal(waits?.code, 'E_APPROVAL_MISSING');
  assert.match(waits?.reason ?? '', new RegExp(`^The plan ${made.id} waits for approvals: .*plan approve`));
  assert.deepEqual(await deployments(), []);
  await approve('1.0.0');
  await looked();
  await succeed('deploy 1.0.0');
  assert.deepEqual(await waiting(), []);

  // Somebody approved, and the configuration is another one before it begins.
  await shop.setChannel('stable', '2.0.0');
  await approve('2.0.0');
  const saved = { baseVersion: 1, yaml: yaml('approvals: [{ of: 1 }], maxUnavailable: 50%') };
  await root.api('environmentYamlPut', { params, body: saved });
  assert.deepEqual([(await planOf('2.0.0')).number, (await waiting())[0]?.code], [2, 'E_PLAN_CHANGED']);
  await looked();
  assert.equal((await waiting())[0]?.code, 'E_APPROVAL_MISSING', 'nobody has said yes to this version');

  // The channel goes on, and comes back.
  await shop.setChannel('stable', '3.0.0');
  const { id } = await planOf('2.0.0');
  const closed = await root.api('planShow', { params: { id } });
  assert.deepEqual(
    [closed.state, closed.ended],
    ['refused', { by: 'channel/shop/stable', reason: 'shop/stable says 3.0.0 now' }],
  );
  await assert.rejects(approve('2.0.0'), { code: 'E_PLAN_STATE' });
  await shop.setChannel('stable', '2.0.0');
  assert.deepEqual(
    [await planOf('2.0.0'), (await planOf('3.0.0')).state],
    [{ ...made, id, version: '2.0.0', number: 3 }, 'refused'],
  );

  // Nobody has looked for a week.
  clock.pass(7 * day + 1);
  await looked();
  assert.deepEqual([(await planOf('2.0.0')).state, (await planOf('2.0.0')).number], ['open', 4]);
  await approve('2.0.0');
  await looked();
  await succeed('deploy 2.0.0');

  // What a person says no to is not asked again.
  await shop.setChannel('stable', '3.0.0');
  const refused = await planOf('3.0.0');
  await root.api('planRefuse', { params: { id: refused.id }, body: { reason: 'not this week' } });
  await looked();
  assert.deepEqual([(await planOf('3.0.0')).state, (await waiting())[0]?.code], ['refused', 'E_PLAN_STATE']);
  assert.deepEqual(await deployments(), ['deploy 2.0.0 succeeded', 'deploy 1.0.0 succeeded']);
});

test('what was rolled back does not come back by itself, whatever was deployed since', async (t) => {
  const { root, shop, deployments, succeed, looked } = await following(t, 'after: none');
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.setChannel('stable', version);
    await succeed(`deploy ${version}`);
  }
  const body = {
    product: 'shop',
    environments: ['acme/production'],
    strategy: { kind: 'all-at-once' as const },
  };
  await root.api('deploymentCreate', { body: { ...body, kind: 'rollback' } });
  await succeed('rollback 1.0.0');
  await root.api('deploymentCreate', { body: { ...body, kind: 'deploy', version: '3.0.0' } });
  await succeed('deploy 3.0.0');
  const before = await deployments();
  await root.api('environmentYamlPut', {
    params,
    body: { baseVersion: 1, yaml: yaml('maxUnavailable: 50%') },
  });
  await looked();
  assert.deepEqual(await deployments(), before);
  await shop.setChannel('stable', '4.0.0');
  await succeed('deploy 4.0.0');
  assert.equal((await deployments()).length, before.length + 1);
});
