import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Report } from '@xylem/core';
import { removeLater, tempFolder } from '@xylem/testkit';
import fc from 'fast-check';
import { openDatabase } from '../db/open.ts';
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
          .selectFrom('reports')
          .selectAll()
          .where('host', '=', host)
          .executeTakeFirstOrThrow();
        const last = order.at(-1) ?? '';
        assert.equal(row.incarnation, last);
        assert.equal(row.sequence, seen.get(last));
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

test('many reports at once take as many statements as one, and those that say nothing new write no components', async (t) => {
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
  const many = await of(() => takeReports(counted, running(400, 2, '1.0.0'), 1));
  assert.equal(many, one);
  const same = await of(() => takeReports(counted, running(400, 3, '1.0.0'), 1));
  assert.equal(same, many - 2, 'neither removed nor written');
  assert.equal(await of(() => takeReports(counted, running(400, 4, '1.0.1'), 1)), many);
  const versions = await db.selectFrom('host_components').select('version').execute();
  assert.deepEqual([...new Set(versions.map(({ version }) => version))], ['1.0.1']);
  assert.equal(versions.length, 400);
  const revisions = await db.selectFrom('reports').select('revision').orderBy('revision').execute();
  assert.deepEqual(
    revisions.map(({ revision }) => revision),
    Array.from({ length: 400 }, (_, n) => 802 + n),
    'each has one of its own',
  );
});
