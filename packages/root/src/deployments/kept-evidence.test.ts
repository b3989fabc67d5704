import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type EnvironmentId, evidenceFor, jcs, timeOf } from '@xylem/core';
import { openDatabase } from '../db/open.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { takeReports } from '../ingest/take-reports.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { fakeHost, fakeReport } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { insertRowHosts, rowHosts } from '../testing/row-hosts.ts';
import { advancePolicyOf, evidenceOf } from './evidence.ts';
import { KeptEvidence } from './kept-evidence.ts';
import { deploymentOf, markHosts } from './rows.ts';

test('what is kept of hosts is what would be read anew, whatever was written meanwhile and by whom', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  for (const name of ['production', 'staging']) await root.api('environmentCreate', { body: { name } });
  const joined = async (name: string, serve = false) => {
    const { token } = await root.api('tokenCreate', { body: { environment: 'production', serve } });
    return await fakeHost(root, token, { name, serve });
  };
  const [web, old, relay] = [await joined('web'), await joined('old'), await joined('relay', true)];
  for (const host of [web, old, relay]) await host.report([]);
  const strategy = { kind: 'rolling' as const, maxUnavailable: 1, per: 'site' };
  const { deployments } = await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['production'], strategy },
  });
  await root.running().close();
  const db = await openDatabase({ kind: 'sqlite', file: join(root.folder, 'root.db') });
  t.after(() => db.destroy());
  const row = await db
    .selectFrom('deployments')
    .selectAll()
    .where('id', '=', deployments[0]?.id ?? '')
    .executeTakeFirstOrThrow();
  const environments = await db.selectFrom('environments').selectAll().execute();
  const [here, there] = [
    environments.find(({ id }) => id === row.environment) ?? assert.fail(),
    environments.find(({ id }) => id !== row.environment) ?? assert.fail(),
  ];
  let deployment = deploymentOf(row);
  let nowMs = Date.now();
  const kept = new KeptEvidence();
  const seen = new Set<string>();
  const look = async (what: string) => {
    const tally = await kept.look(db, deployment, here, advancePolicyOf(900), nowMs);
    const anew = await evidenceOf(db, deployment, await hostsIn(db, [here.id]), nowMs);
    const texts = (hosts: Parameters<typeof evidenceFor>[1]) => hosts.map((one) => jcs(one)).sort();
    assert.deepEqual(texts(tally.hosts()), texts(evidenceFor(deployment, anew)), what);
    const all = texts(tally.hosts()).join();
    assert.ok(!seen.has(all), `${what}: nothing has changed by it`);
    seen.add(all);
  };
  const report = async (host: string, receivedMs: number, more: object = {}) => {
    const known = await db
      .selectFrom('reports')
      .selectAll()
      .where('host', '=', host)
      .executeTakeFirstOrThrow();
    const document = JSON.stringify({ ...(JSON.parse(known.document) as object), ...more });
    const { newest: revision } = await db
      .updateTable('report_revisions')
      .set((e) => ({ newest: e('newest', '+', 1) }))
      .returning('newest')
      .executeTakeFirstOrThrow();
    await db.updateTable('reports').set({ document }).where('host', '=', host).execute();
    const heard = { heard_ms: receivedMs, revision };
    await db.updateTable('host_states').set(heard).where('host', '=', host).execute();
  };
  const change = async (host: string, values: Record<string, unknown>) => {
    await db.updateTable('hosts').set(values).where('id', '=', host).execute();
  };
  await look('at first');
  nowMs += 1000;
  await report(web.id, nowMs);
  await look('a report');
  await report(old.id, nowMs, {
    waiting: [{ component: 'shop-web', code: 'E_FROZEN', message: '', since: '' }],
  });
  await look('another one of the same millisecond');
  await report(web.id, nowMs - 600_000);
  await look('one that came by an earlier clock');
  await change(web.id, { labels: JSON.stringify({ site: 'muc' }) });
  await look('a label');
  const children = [{ host: web.id, lastSeen: timeOf(nowMs + 60_000) }];
  nowMs += 1000;
  await report(relay.id, nowMs, { serves: { url: 'https://10.0.0.1:8442', children } });
  await look('a relay whose clock is ahead');
  nowMs += 1000;
  await look('the same a second later');
  await change(relay.id, { serve: 0 });
  await look('a relay that is none any more');
  await markHosts(db, deployment.id, [old.id], { failed_ms: nowMs });
  deployment = { ...deployment, hostActs: 1 };
  await look('what a person said of a host');
  await change(relay.id, { environment: there.id });
  await look('a host that moved away');
  await change(old.id, { retired: 1 });
  await look('one that was retired');
  await change(relay.id, { environment: here.id, name: 'back' });
  await db.deleteFrom('reports').where('host', '=', web.id).execute();
  await look('a report that is gone');
  nowMs -= 3_600_000;
  await report(relay.id, nowMs);
  await look('a clock that went back');
});

test('a look reads what is new, however many hosts there are', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  const { deployments } = await root.api('deploymentCreate', {
    body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments: ['production'] },
  });
  await root.running().close();
  const db = await openDatabase({ kind: 'sqlite', file: join(root.folder, 'root.db') });
  t.after(() => db.destroy());
  const hosts = rowHosts('web', id as EnvironmentId, 600);
  await insertRowHosts(db, hosts, 1);
  const report = (some: typeof hosts, sequence: number) =>
    takeReports(
      db,
      some.map(({ id: host, environment, name }) =>
        fakeReport({
          host,
          environment,
          name,
          sequence,
          incarnation: '0'.repeat(16),
          time: timeOf(1),
          parent: { url: null, host: null },
          components: [],
        }),
      ),
      sequence,
    );
  await report(hosts, 1);
  const rowOf = async (table: 'deployments' | 'environments', named: string) =>
    (await db.selectFrom(table).selectAll().where('id', '=', named).executeTakeFirstOrThrow()) as never;
  const deployment = deploymentOf(await rowOf('deployments', deployments[0]?.id ?? ''));
  const environment = await rowOf('environments', id);
  const kept = new KeptEvidence();
  const { counted, rowsOf, reportsOf } = countedStatements(db);
  const lookNow = () => kept.look(counted, deployment, environment, advancePolicyOf(900), 1000);
  const look = () => rowsOf(lookNow);
  assert.deepEqual(await reportsOf(lookNow), { all: 600, atOnce: 500 }, 'at first all, a part at a time');
  await report(hosts.slice(0, 1), 2);
  const after = await look();
  assert.ok(after < 20, `${after} rows`);
  await report(hosts.slice(0, 1), 3);
  assert.deepEqual(await reportsOf(lookNow), { all: 1, atOnce: 1 });
  await db.updateTable('hosts').set({ certificate_expires_ms: 5 }).execute();
  assert.ok((await look()) < 20, 'what no deployment is decided by counts for nothing');
  await db
    .updateTable('hosts')
    .set({ labels: '{"site":"muc"}' })
    .where('id', '=', hosts[0]?.id ?? '')
    .execute();
  assert.ok((await look()) >= 600, 'a label: all hosts are compared');
});
