import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type EnvironmentId, jcs, type Report, timeOf } from '@xylem/core';
import { cleanup } from '@xylem/testkit';
import fc from 'fast-check';
import type { Database } from '../db/tables.ts';
import { takeReports } from '../ingest/take-reports.ts';
import type { Root } from '../root.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { testDatabases } from '../testing/databases.ts';
import { installed } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { insertRowHosts, type RowHost, reportOfRow, rowHosts, withDatabase } from '../testing/row-hosts.ts';
import { whereRuns } from './where.ts';

const own = cleanup();
after(() => own.run());

const said = (host: RowHost, running: readonly (readonly [string, string, boolean | null])[]): Report =>
  reportOfRow(
    host,
    running.map(([component, version, healthy]) => ({
      ...installed({ component, product: 'shop', version, package: 'a'.repeat(64) } as never, timeOf(1)),
      healthy,
    })),
  );

const textsOf = (rows: readonly object[]): string[] => rows.map((row) => jcs(row)).sort();

const countsIn = (db: Database) => db.selectFrom('running_counts').selectAll().execute();

/** What the counts have to be, from all rows. */
const recount = async (db: Database) => {
  const rows = await db
    .selectFrom('host_components as c')
    .innerJoin('hosts as h', 'h.id', 'c.host')
    .selectAll('c')
    .select(['h.name as own', 'h.retired as gone'])
    .execute();
  for (const row of rows) assert.deepEqual([row.name, row.retired], [row.own, row.gone]);
  const groups = Map.groupBy(
    rows.filter(({ gone }) => gone === 0),
    ({ environment, component, version }) => `${environment} ${component} ${version}`,
  );
  return [...groups.keys()].map((key) => {
    const [environment = '', component = '', version = ''] = key.split(' ');
    const of = groups.get(key) ?? [];
    const healthy = of.filter((row) => row.healthy !== 0).length;
    return { environment, product: 'shop', component, version, hosts: of.length, healthy };
  });
};

for (const { kind, skip, options } of await testDatabases(own)) {
  describe(`what runs where: ${kind}`, { skip }, () => {
    test('the counts are those of all rows, whatever becomes of hosts', async (t) => {
      const root = await rootFixture(t, await options('where'));
      const ids: EnvironmentId[] = [];
      for (const name of ['one', 'two'])
        ids.push((await root.api('environmentCreate', { body: { name } })).id as EnvironmentId);
      const step = fc.record({
        host: fc.nat(5),
        act: fc.constantFrom('report', 'report', 'report', 'retire', 'return', 'move', 'rename', 'stranger'),
        version: fc.constantFrom('1.0.0', '2.0.0'),
        healthy: fc.constantFrom(true, false, null),
        components: fc.subarray(['web', 'api']),
      });
      await withDatabase(root, async (db) => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
            const hosts = rowHosts('host', ids[0] as EnvironmentId, 6);
            await insertRowHosts(db, hosts, 1);
            for (const { host: index, act, version, healthy, components } of steps) {
              const host = hosts[index] as RowHost;
              const change = (values: object) =>
                db.updateTable('hosts').set(values).where('id', '=', host.id).execute();
              const running = components.map((one) => [one, version, healthy] as const);
              if (act === 'report') await takeReports(db, [said(host, running)], 1);
              else if (act === 'stranger') {
                const [stranger] = rowHosts('late', host.environment, 1);
                if (stranger === undefined) continue;
                await takeReports(db, [said(stranger, running)], 1);
                await insertRowHosts(db, [stranger], 1);
              } else if (act === 'move') {
                const to = ids.find((id) => id !== host.environment) as EnvironmentId;
                Object.assign(host, { environment: to });
                await change({ environment: to, moving_from: host.environment });
              } else if (act === 'rename') await change({ name: `${host.name}-${version}` });
              else await change({ retired: act === 'retire' ? 1 : 0 });
            }
            assert.deepEqual(textsOf(await countsIn(db)), textsOf(await recount(db)));
          }),
          { numRuns: kind === 'sqlite' ? 20 : 6 },
        );
      });
    });

    test('the answer reads as much of many hosts as of few', async (t) => {
      const root = await rootFixture(t, await options('where_rows'));
      await publisher(t, root, 'shop');
      const { id } = await root.api('environmentCreate', { body: { name: 'one' } });
      const config = { tenant: 'default' } as Root['config'];
      await withDatabase(root, async (db) => {
        const { counted, of, rowsOf } = countedStatements(db);
        const look = () => whereRuns({ db: counted, config }, 'shop', () => true);
        const grow = async (count: number): Promise<void> => {
          const hosts = rowHosts('host', id as EnvironmentId, count);
          await insertRowHosts(db, hosts, 1);
          const versions = ['1.0.0', '2.0.0'] as const;
          const reports = hosts.map((host, index) => said(host, [['web', versions[index % 2] ?? '', true]]));
          await takeReports(db, reports, 1);
        };
        await grow(60);
        const few = [await of(look), await rowsOf(look)];
        await grow(400);
        assert.deepEqual([await of(look), await rowsOf(look)], few);
        const [component] = (await look()).environments[0]?.components ?? [];
        assert.deepEqual(
          component?.versions.map(({ version, hosts, healthy, names }) => [
            version,
            hosts,
            healthy,
            names.length,
          ]),
          [
            ['1.0.0', 230, 230, 20],
            ['2.0.0', 230, 230, 20],
          ],
        );
      });
    });
  });
}
