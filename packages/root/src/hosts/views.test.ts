import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EnvironmentId, timeOf } from '@xylem/core';
import { takeReports } from '../ingest/take-reports.ts';
import type { Root } from '../root.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { fakeReport } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { insertRowHosts, rowHosts, withDatabase } from '../testing/row-hosts.ts';
import { hostsIn } from './host-rows.ts';
import { viewParts, viewsOf } from './views.ts';

test('a look at one host reads its report, a look at all reads them a part at a time', async (t) => {
  const root = await rootFixture(t);
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  await withDatabase(root, async (db) => {
    const { counted, reportsOf } = countedStatements(db);
    const directing = { state: () => null, entry: () => undefined } as unknown as Root['directing'];
    const sight = { db: counted, clock: root.clock, directing };
    const nowMs = root.clock.now();
    const made = rowHosts('web', id as EnvironmentId, 600);
    await insertRowHosts(db, made, nowMs);
    const said = made.map(({ id: host, environment, name }) =>
      fakeReport({
        host,
        environment,
        name,
        sequence: 1,
        incarnation: '0'.repeat(16),
        time: timeOf(nowMs),
        parent: { url: null, host: null },
        components: [],
      }),
    );
    await takeReports(db, said.slice(1), nowMs);
    const hosts = await hostsIn(db, [id]);
    const silent = hosts.findIndex((host) => host.id === made[0]?.id);
    const other = silent === 0 ? 1 : 0;
    const look = async () => {
      const [view] = await viewsOf(sight, hosts.slice(other, other + 1));
      assert.deepEqual([view?.host.id, view?.state], [hosts[other]?.id, 'ok']);
    };
    assert.deepEqual(await reportsOf(look), { all: 1, atOnce: 1 });
    const seen: string[] = [];
    const all = async () => {
      for await (const views of viewParts(sight, hosts))
        seen.push(...views.map(({ host, state }) => `${host.id} ${state}`));
    };
    const { all: reports, atOnce } = await reportsOf(all);
    assert.ok(reports === 599 && atOnce <= 500, `${reports} reports, ${atOnce} at once`);
    const expected = hosts.map((host, index) => `${host.id} ${index === silent ? 'joined' : 'ok'}`);
    assert.deepEqual(seen, expected);
  });
});
