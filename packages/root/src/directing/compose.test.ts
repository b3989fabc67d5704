import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type EnvironmentId, heldPins, jcs, strayPins, timeOf } from '@xylem/core';
import { openDatabase } from '../db/open.ts';
import { evidenceOf } from '../deployments/evidence.ts';
import { deploymentOf, markHosts, saveDeployment } from '../deployments/rows.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { takeReports } from '../ingest/take-reports.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { fakeReport, installed } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { insertRowHosts, rowHosts } from '../testing/row-hosts.ts';
import { compose } from './compose.ts';

type Running = Parameters<typeof installed>[0];

test('what hosts are told during a deployment reads the reports of those alone that it holds or that stray', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const packages = new Map<string, Running>();
  for (const version of ['1.0.0', '2.0.0']) {
    const digest = await shop.publish('shop-web', version, { 'index.html': version });
    packages.set(version, { component: 'shop-web', product: 'shop', version, package: digest } as Running);
    await shop.release(version, { 'shop-web': version });
  }
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  const { deployments } = await root.api('deploymentCreate', {
    body: {
      kind: 'deploy',
      product: 'shop',
      version: '2.0.0',
      environments: ['production'],
      strategy: { kind: 'rolling', maxUnavailable: 1, per: 'site' },
    },
  });
  await root.running().close();
  const db = await openDatabase({ kind: 'sqlite', file: join(root.folder, 'root.db') });
  t.after(() => db.destroy());
  const hosts = rowHosts('web', id as EnvironmentId, 40);
  await insertRowHosts(db, hosts, 1);
  const runs = packages.get('1.0.0') ?? assert.fail();
  await takeReports(
    db,
    hosts.map(({ id: host, environment, name }) =>
      fakeReport({
        host,
        environment,
        name,
        sequence: 1,
        incarnation: '0'.repeat(16),
        time: timeOf(1),
        parent: { url: null, host: null },
        components: [installed(runs, timeOf(1))],
      }),
    ),
    1,
  );
  const query = db
    .selectFrom('deployments')
    .selectAll()
    .where('id', '=', deployments[0]?.id ?? '');
  const { counted, reportsOf } = countedStatements(db);
  const read = async (pinned: number): Promise<number> => {
    let composed: Awaited<ReturnType<typeof compose>> | undefined;
    const { all } = await reportsOf(async () => {
      composed = await compose(counted, id, new Uint8Array(32), 1000);
    });
    const deployment = deploymentOf(await query.executeTakeFirstOrThrow());
    const everyone = await evidenceOf(db, deployment, await hostsIn(db, [id]), 1000);
    const wanted = everyone
      .map((host) => [
        host.id,
        host.held ? heldPins(deployment, host) : strayPins(deployment, host, new Map()),
      ])
      .filter(([, pins]) => Object.keys(pins ?? {}).length > 0);
    const told = [...(composed?.entries ?? [])].flatMap(([host, { pins }]) =>
      pins === undefined ? [] : [[host, pins]],
    );
    assert.equal(jcs(Object.fromEntries(told)), jcs(Object.fromEntries(wanted)));
    assert.deepEqual(
      told.map(([, pins]) => pins),
      Array.from({ length: pinned }, () => ({ 'shop-web': runs.package })),
    );
    return all;
  };
  assert.equal(await read(0), 0, 'nobody is held, and nobody strays');
  const begun = deploymentOf(await query.executeTakeFirstOrThrow());
  const { to = null } = begun.components['shop-web'] ?? {};
  const deployment = { ...begun, components: { 'shop-web': { from: [runs.package], to } } };
  await saveDeployment(db, deployment, 1000);
  await markHosts(
    db,
    deployment.id,
    hosts.slice(0, 3).map((host) => host.id),
    { held: 1 },
  );
  assert.equal(await read(3), 3, 'three are held');
  await saveDeployment(db, { ...deployment, strata: { muc: 'f'.repeat(64) } }, 1000);
  await db
    .updateTable('hosts')
    .set({ labels: '{"site":"muc"}' })
    .where(
      'id',
      'in',
      hosts.slice(2, 7).map((host) => host.id),
    )
    .execute();
  assert.equal(await read(7), 7, 'four more came into a value that all may follow in, and were not admitted');
});
