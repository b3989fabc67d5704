import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type EnvironmentId, timeOf } from '@xylem/core';
import { cleanup } from '@xylem/testkit';
import type { WhereHostsQuery } from '../api/schemas/fleet.ts';
import { takeReports } from '../ingest/take-reports.ts';
import type { Root } from '../root.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { testDatabases } from '../testing/databases.ts';
import { installed } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { insertRowHosts, type RowHost, reportOfRow, rowHosts, withDatabase } from '../testing/row-hosts.ts';
import { whereHosts } from './where-hosts.ts';

const own = cleanup();
after(() => own.run());

const versionOf = (index: number): string => (index % 3 === 0 ? '2.0.0' : '1.0.0');

const saidBy = (host: RowHost, index: number, isFailed: boolean) =>
  reportOfRow(
    host,
    ['api', 'web'].map((component) => ({
      ...installed(
        { component, product: 'shop', version: versionOf(index), package: 'a'.repeat(64) } as never,
        timeOf(1),
      ),
      healthy: !(isFailed && component === 'web'),
    })),
  );

for (const { kind, skip, options } of await testDatabases(own)) {
  test(`which hosts run a product: ${kind}`, { skip }, async (t) => {
    const root = await rootFixture(t, await options('where_hosts'));
    await publisher(t, root, 'shop');
    const ids: EnvironmentId[] = [];
    for (const name of ['one', 'two'])
      ids.push((await root.api('environmentCreate', { body: { name } })).id as EnvironmentId);
    await withDatabase(root, async (db) => {
      const nowMs = 10_000_000_000;
      // Two of each name: a page may end between them.
      const [many, again] = kind === 'sqlite' ? [800, 250] : [100, 30];
      const all = ids.flatMap((id) => [...rowHosts('web', id, many), ...rowHosts('web', id, again)]);
      await insertRowHosts(db, all, 1);
      await db.updateTable('hosts').set({ labels: '{"site":"muc"}' }).where('name', '=', 'web-7').execute();
      await db.updateTable('hosts').set({ retired: 1 }).where('name', '=', 'web-8').execute();
      const silent = all.slice(20, 25);
      for (let at = 0; at < all.length; at += 500)
        await takeReports(
          db,
          all.slice(at, at + 500).map((host, index) => saidBy(host, at + index, host.name === 'web-9')),
          nowMs,
        );
      await takeReports(
        db,
        silent.map((host) => saidBy(host, 1, false)),
        1,
      );
      const { counted, of, rowsOf } = countedStatements(db);
      const sight = {
        db: counted,
        config: { tenant: 'default' },
        clock: { now: () => nowMs },
        directing: { state: () => null },
      } as unknown as Root;
      const page = (query: WhereHostsQuery) => whereHosts(sight, 'shop', () => true, query);
      const every = async (query: WhereHostsQuery) => {
        const hosts = [];
        let next: string | null = null;
        let pages = 0;
        do {
          const one = await page({ ...query, ...(next === null ? {} : { after: next }) });
          hosts.push(...one.hosts);
          next = one.next;
          pages += 1;
          assert.ok(pages < 100, 'it ends');
        } while (next !== null);
        return { hosts, pages };
      };
      const isThere = ({ name }: RowHost): boolean => name !== 'web-8';
      const expected = all.flatMap((host, index) =>
        isThere(host)
          ? ['api', 'web'].map((component) => {
              const version = silent.includes(host) ? versionOf(1) : versionOf(index);
              return `${host.environment} ${component} ${version} ${host.id}`;
            })
          : [],
      );
      const textOf = (one: Awaited<ReturnType<typeof page>>['hosts'][number]): string =>
        `${one.environment.id} ${one.component} ${one.version} ${one.id}`;
      const { hosts, pages } = await every({ limit: '97' });
      assert.deepEqual(hosts.map(textOf).sort(), expected.toSorted());
      assert.ok(pages > expected.length / 97);
      const some = await every({ environment: 'two', component: 'web', version: '2.0.0' });
      assert.deepEqual(
        some.hosts.map(textOf).sort(),
        expected.filter((text) => text.startsWith(`${ids[1]} web 2.0.0`)).sort(),
      );
      const namesOf = async (query: WhereHostsQuery) =>
        (await every(query)).hosts.map(({ name, component }) => `${name} ${component}`);
      assert.deepEqual((await namesOf({ state: 'failed', component: 'web' })).length, 4);
      assert.deepEqual(
        (await namesOf({ state: 'silent', component: 'api' })).sort(),
        silent.map(({ name }) => `${name} api`).sort(),
      );
      assert.deepEqual(await namesOf({ where: 'site = muc', environment: 'one', component: 'web' }), [
        'web-7 web',
        'web-7 web',
      ]);
      await assert.rejects(page({ after: 'bm9wZQ' }), { code: 'E_INPUT' });
      const costs = async (query: WhereHostsQuery) => [
        await of(() => page(query)),
        await rowsOf(() => page(query)),
      ];
      const [statements = 0, rows = 0] = await costs({ limit: '50' });
      assert.ok(statements <= 4 && rows <= 65, `${statements} statements, ${rows} rows`);
      const [, looked = 0] = await costs({ state: 'waiting' });
      assert.ok(looked <= 2100, `${looked} rows`);
    });
  });
}
