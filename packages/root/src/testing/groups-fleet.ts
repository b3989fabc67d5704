import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { bakesBegun } from './bakes-begun.ts';
import type { TestDatabase } from './databases.ts';
import { type FakeHost, fakeHost } from './fake-host.ts';
import { publisher } from './publisher.ts';
import { rootFixture } from './root-fixture.ts';
import { shiftedClock } from './shifted-clock.ts';

export const params = { tenant: 'acme', environment: 'production' };
const groups = ['blue', 'green'];
const yaml = JSON.stringify({
  environment: 'acme/production',
  products: {
    edges: { components: { edge: { where: 'role = lb' } } },
    shop: {
      components: { 'shop-web': { where: 'role = web' } },
      traffic: { component: 'edge', key: 'serving', label: 'color', groups },
    },
  },
});

/** Two blue hosts and two green ones that run shop@1.0.0 behind two balancers, and a release 2.0.0. Blue has the traffic. */
export async function groupsFleet(t: TestContext, options?: TestDatabase['options']) {
  const clock = shiftedClock(-24 * 3600_000);
  const root = await rootFixture(t, { clock, ...(await options?.('groups')) });
  const edges = await publisher(t, root, 'edges');
  const shop = await publisher(t, root, 'shop');
  const document = {
    configSchema: { type: 'object', properties: { serving: { enum: groups } } },
    configDefaults: { serving: 'blue' },
  };
  await edges.publish('edge', '1.0.0', { 'edge.map': '1' }, { document });
  await edges.release('1.0.0', { edge: '1.0.0' });
  for (const version of ['1.0.0', '2.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version });
    await shop.release(version, { 'shop-web': version });
  }
  await root.api('environmentCreate', { body: { name: 'acme/production', yaml } });
  const join1 = async (name: string, labels: Record<string, string>): Promise<FakeHost> => {
    const body = { environment: 'acme/production', uses: 1, labels };
    return await fakeHost(root, (await root.api('tokenCreate', { body })).token, { name });
  };
  const balancers: FakeHost[] = [];
  for (const i of [1, 2]) balancers.push(await join1(`lb-${i}`, { role: 'lb' }));
  const web: Record<string, FakeHost[]> = { blue: [], green: [] };
  for (const color of groups)
    for (const i of [1, 2]) web[color]?.push(await join1(`${color}-${i}`, { role: 'web', color }));
  const hosts = groups.flatMap((color) => web[color] ?? []);

  const create = async (product: string, kind: string, more: object = {}) => {
    const body = { kind, product, environments: ['acme/production'], ...more } as never;
    return (await root.api('deploymentCreate', { body })).deployments[0]?.id ?? '';
  };
  const show = async (id: string) => await root.api('deploymentShow', { params: { id } });
  const tuf = await tempFolder(t, 'tuf');
  const versions = new Map<FakeHost, string>();
  /** Hosts hear of direction and do what it says. */
  const follow = async (...some: readonly FakeHost[]): Promise<void> => {
    for (const host of some) {
      const { assignments } = await host.desiredState(join(tuf, host.id));
      const isBalancer = balancers.includes(host);
      const { components } = await root.api('hostShow', { params: { host: host.id } });
      const version = components[0]?.wantedVersion;
      const own = assignments.find(
        (one) => one.version === version && (one.component === 'edge') === isBalancer,
      );
      assert.ok(own !== undefined, `nothing for ${host.id}`);
      versions.set(host, own.version);
      await host.report([{ ...own, ...(isBalancer ? { configured: own.config } : {}) }]);
    }
  };
  const has = (color: string) => (web[color] ?? []).map((host) => versions.get(host));
  const serving = async () => {
    const [one] = (await root.api('trafficShow', { params })).traffic;
    return [one?.serving, one?.number];
  };
  const comes = async (id: string, phase: string, ...some: readonly FakeHost[]): Promise<void> => {
    await waitUntil(async () => {
      await follow(...some);
      const { groups: standing, state } = await show(id);
      return standing?.phase === phase || state === phase;
    }, 60_000);
  };
  await create('edges', 'deploy', { version: '1.0.0', strategy: { kind: 'all-at-once' } });
  const first = await create('shop', 'deploy', { version: '1.0.0', strategy: { kind: 'all-at-once' } });
  await follow(...balancers, ...hosts);
  await waitUntil(async () => (await show(first)).state === 'succeeded', 60_000);
  /** Begins 2.0.0 and comes to where green has the traffic. */
  const turned = async (last = async (act: () => Promise<void>) => await act()): Promise<string> => {
    const strategy = { kind: 'blue-green', bakeSeconds: 60, keepSeconds: 1800 };
    const id = await create('shop', 'deploy', { version: '2.0.0', strategy });
    await waitUntil(async () => {
      await follow(...hosts);
      return (await show(id)).progress.baking === 2;
    }, 60_000);
    await bakesBegun(root, id, web['green'] ?? []);
    assert.deepEqual(
      [has('green'), has('blue')],
      [
        ['2.0.0', '2.0.0'],
        ['1.0.0', '1.0.0'],
      ],
    );
    assert.deepEqual(await serving(), ['blue', 0]);
    await last(async () => {
      clock.pass(60_000);
      await comes(id, 'switching', ...hosts);
    });
    assert.deepEqual(await serving(), ['green', 1]);
    return id;
  };
  /** It reports what it was given as failed. */
  const fail = async (host: FakeHost): Promise<void> => {
    const { assignments } = await host.desiredState(join(tuf, host.id));
    const own = assignments.find(({ version }) => version === '2.0.0') ?? assert.fail();
    const failed = {
      ...own,
      kind: 'files',
      tree: '0'.repeat(64),
      previous: null,
      state: 'failed',
      healthy: false,
    };
    const { component, product, package: digest, version, kind, tree, previous, state, healthy } = failed;
    const since = new Date(Math.floor(clock.now() / 1000) * 1000).toISOString().replace('.000', '');
    const reported = {
      component,
      product,
      package: digest,
      version,
      kind,
      tree,
      previous,
      state,
      healthy,
      since,
    };
    await host.report(undefined, { components: [reported as never] });
  };
  const rollback = async () => {
    const { deployments } = await root.api('deploymentList', { query: { product: 'shop' } });
    const [newest] = deployments;
    return newest?.kind === 'rollback' ? newest : null;
  };
  return {
    root,
    clock,
    balancers,
    web,
    hosts,
    create,
    show,
    follow,
    has,
    serving,
    comes,
    turned,
    fail,
    rollback,
  };
}
export type Groups = Awaited<ReturnType<typeof groupsFleet>>;

/** Green goes back only once both balancers have reported that blue has the traffic. */
export async function goesBack({
  balancers,
  hosts,
  show,
  follow,
  has,
  serving,
  rollback,
}: Groups): Promise<void> {
  assert.deepEqual(await serving(), ['blue', 2]);
  await waitUntil(async () => (await rollback()) !== null, 60_000);
  const { id = '' } = (await rollback()) ?? {};
  await follow(balancers[0] ?? assert.fail(), ...hosts);
  const waiting = await show(id);
  assert.match(waiting.reason ?? '', /1 of 2 balancers .*lb-2.* No host of green goes back before that/);
  assert.deepEqual(waiting.groups?.traffic?.behind, ['lb-2']);
  assert.deepEqual(has('green'), ['2.0.0', '2.0.0']);
  await follow(...balancers);
  await waitUntil(async () => {
    await follow(...hosts);
    return (await show(id)).state === 'succeeded';
  }, 60_000);
  assert.deepEqual(
    [has('green'), has('blue')],
    [
      ['1.0.0', '1.0.0'],
      ['1.0.0', '1.0.0'],
    ],
  );
  assert.deepEqual(await serving(), ['blue', 2], 'once there, and once back');
}
