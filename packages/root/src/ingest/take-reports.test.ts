import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Report } from '@xylem/core';
import { removeLater, tempFolder } from '@xylem/testkit';
import fc from 'fast-check';
import { openDatabase } from '../db/open.ts';
import { sameNumberTwice } from '../hosts/clones.ts';
import { newestReport } from '../hosts/kept-report.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { takeReports } from './take-reports.ts';

const reportOf = (host: string, incarnation: string, sequence: number): Report =>
  ({
    host,
    environment: 'e',
    incarnation,
    sequence,
    facts: { boot: 'b' },
    parent: { url: null, host: null },
    components: [],
    waiting: [],
  }) as unknown as Report;

test('keeps the newest of each host, whatever arrives twice, late or out of order', async (t) => {
  const db = await openDatabase({ kind: 'sqlite', file: join(await tempFolder(t, 'db'), 'root.db') });
  removeLater(t, () => db.destroy());
  const arrival = fc.record({
    incarnation: fc.constantFrom('i1', 'i2', 'i3'),
    sequence: fc.integer({ min: 1, max: 9 }),
  });
  let hosts = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(arrival, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
      async (batches) => {
        const host = `h${hosts++}`;
        const seen = new Map<string, number>();
        const order: string[] = [];
        for (const batch of batches) {
          const { marks } = await takeReports(
            db,
            batch.map((a) => reportOf(host, a.incarnation, a.sequence)),
            1,
          );
          for (const { incarnation, sequence } of batch) {
            if (!seen.has(incarnation)) order.push(incarnation);
            seen.set(incarnation, Math.max(seen.get(incarnation) ?? 0, sequence));
          }
          // A watermark covers what was sent, and never more than was ever sent.
          for (const mark of marks) assert.equal(mark.sequence, seen.get(mark.incarnation));
        }
        const row = await db
          .selectFrom('reports as r')
          .innerJoin('host_states as s', 's.host', 'r.host')
          .select(['r.incarnation', 'r.document', 's.moving'])
          .where('r.host', '=', host)
          .executeTakeFirstOrThrow();
        const last = order.at(-1) ?? '';
        assert.equal(row.incarnation, last);
        assert.equal(newestReport(row).sequence, seen.get(last));
      },
    ),
    { numRuns: 60 },
  );
});

test('a host that draws incarnations without end fills nothing', async (t) => {
  const db = await openDatabase({ kind: 'sqlite', file: join(await tempFolder(t, 'db'), 'root.db') });
  removeLater(t, () => db.destroy());
  const named = (n: number) => n.toString(16).padStart(16, '0');
  for (let first = 0; first < 500; first += 100) {
    const reports = Array.from({ length: 100 }, (_, index) => reportOf('h', named(first + index), 1));
    const { marks } = await takeReports(db, reports, 1);
    assert.equal(marks.length, 100);
  }
  const rows = await db.selectFrom('incarnations').selectAll().where('host', '=', 'h').execute();
  assert.ok(rows.length <= 64, `${rows.length} rows`);
  const boots = await db.selectFrom('host_boots').selectAll().where('host', '=', 'h').execute();
  assert.ok(boots.length <= 64, `${boots.length} boots`);
  const row = await db.selectFrom('reports').selectAll().executeTakeFirstOrThrow();
  assert.equal(row.incarnation, named(499));
});

test('many reports at once take as many statements as one, and those that say nothing new fewer', async (t) => {
  const db = await openDatabase({ kind: 'sqlite', file: join(await tempFolder(t, 'db'), 'root.db') });
  removeLater(t, () => db.destroy());
  const { counted, of } = countedStatements(db);
  const named = (n: number) => n.toString(16).padStart(32, '0');
  const running = (hosts: number, sequence: number, version: string) =>
    Array.from(
      { length: hosts },
      (_, n) =>
        ({
          ...reportOf(named(n), '0'.repeat(16), sequence),
          facts: {},
          components: [
            { component: 'web', product: 'shop', version, package: 'p', state: 'running', healthy: true },
          ],
        }) as unknown as Report,
    );
  const one = await of(() => takeReports(counted, running(1, 1, '1.0.0'), 1));
  const many = await of(() => takeReports(counted, running(400, 2, '1.0.1'), 1));
  assert.equal(many, one);
  const newer = running(400, 3, '1.0.1').map((report) => ({ ...report, agent: '2.0.0' }) as Report);
  assert.equal(await of(() => takeReports(counted, newer, 1)), one - 2, 'components are as they were');
  const said = newer.map((report) => ({ ...report, sequence: 4 }));
  assert.equal(await of(() => takeReports(counted, said, 1)), one - 4, 'nor is any report written');
  assert.equal(await of(() => takeReports(counted, running(400, 5, '1.0.2'), 1)), many);
  const versions = await db.selectFrom('host_components').select('version').execute();
  assert.deepEqual([...new Set(versions.map(({ version }) => version))], ['1.0.2']);
  assert.equal(versions.length, 400);
  const revisions = await db.selectFrom('host_states').select('revision').orderBy('revision').execute();
  assert.deepEqual(
    revisions.map(({ revision }) => revision),
    Array.from({ length: 400 }, (_, n) => 1202 + n),
    'each has one of its own',
  );
});

test('of a report that says the same nothing is written but what moves, and all of it is read', async (t) => {
  const db = await openDatabase({ kind: 'sqlite', file: join(await tempFolder(t, 'db'), 'root.db') });
  removeLater(t, () => db.destroy());
  const moved = (sequence: number, diskFreeBytes: number): Report => ({
    ...reportOf('h', 'i', sequence),
    facts: { boot: 'b', diskFreeBytes } as unknown as Report['facts'],
    transfer: { bytesDown: sequence, bytesUp: 0, requests: 0, refusedObjects: 0 },
  });
  const row = () =>
    db
      .selectFrom('reports as r')
      .innerJoin('host_states as s', 's.host', 'r.host')
      .select(['r.document', 's.moving', 's.heard_ms', 's.revision'])
      .executeTakeFirstOrThrow();
  await takeReports(db, [moved(1, 100)], 1);
  const before = await row();
  const { marks } = await takeReports(db, [moved(2, 90), moved(3, 80)], 7);
  assert.deepEqual(
    marks.map(({ sequence }) => sequence),
    [3, 3],
  );
  const after = await row();
  assert.equal(after.document, before.document);
  assert.deepEqual([after.heard_ms, after.revision], [7, 2]);
  assert.deepEqual(newestReport(after), moved(3, 80));
  assert.equal(await sameNumberTwice(db, moved(3, 80)), null, 'sent again for want of an answer');
  const other = await sameNumberTwice(db, moved(3, 70));
  assert.match(other ?? '', /^Two different reports have the number 3/);
  await takeReports(db, [{ ...moved(4, 80), name: 'other' as Report['name'] }], 10);
  assert.equal(newestReport({ ...(await row()), moving: null }).sequence, 4, 'written anew');
});
