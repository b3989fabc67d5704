import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { cleanup, tempFolder } from '@xylem/testkit';
import { openDatabase } from '../db/open.ts';
import type { Database } from '../db/tables.ts';
import { type TestDatabase, testDatabases } from '../testing/databases.ts';
import { forgetIncidents } from './forget.ts';

const own = cleanup();
after(() => own.run());

const day = 24 * 3600_000;
const nowMs = 1000 * day;

const incident = (id: string, closedDaysAgo: number | null, holding = 0) => ({
  id,
  environment: 'e',
  key: 'host-silent',
  kind: 'host-silent',
  product: null,
  title: 'Hosts fell silent.',
  state: closedDaysAgo === null ? 'open' : 'closed',
  began_ms: 0,
  detected_ms: 0,
  holding,
  subjects: 1,
  recovered_ms: holding > 0 ? null : 0,
  closed_ms: closedDaysAgo === null ? null : nowMs - closedDaysAgo * day,
  closed_by: holding > 0 ? 'ada' : null,
  close_reason: null,
  reopened: 0,
  told: 1,
  told_ms: 0,
  acknowledged_ms: null,
  acknowledged_by: null,
  assigned_to: null,
});

/** `old` ones that are forgotten, one of them with many subjects, and three that are kept. */
async function filled(t: TestContext, { options }: TestDatabase, old: number): Promise<Database> {
  const { database } = await options(`forget_${old}`);
  const file = join(await tempFolder(t, 'forget'), 'root.db');
  const db = await openDatabase(database?.kind === 'postgres' ? database : { kind: 'sqlite', file });
  t.after(() => db.destroy());
  const incidents = [
    ...Array.from({ length: old }, (_, n) => incident(`i-${n}`, 401)),
    incident('i-open', null, 1),
    incident('i-young', 399),
    incident('i-shown', 401, 1),
  ];
  const subject = (id: string, n = 0) => ({
    incident: id,
    subject: `h-${n}`,
    host: null,
    message: '',
    since_ms: 0,
    cleared_ms: null,
  });
  const subjects = [
    ...incidents.map(({ id }) => subject(id)),
    ...Array.from({ length: 2_000 }, (_, n) => subject('i-0', n + 1)),
  ];
  const event = (id: string, kind: string) => ({ incident: id, time_ms: 0, kind, who: null, message: '' });
  const events = incidents.flatMap(({ id }) => ['opened', 'closed'].map((kind) => event(id, kind)));
  await db.transaction().execute(async (trx) => {
    for (let at = 0; at < subjects.length; at += 500) {
      const to = at + 500;
      if (at < incidents.length) await trx.insertInto('incidents').values(incidents.slice(at, to)).execute();
      await trx.insertInto('incident_subjects').values(subjects.slice(at, to)).execute();
    }
    for (let at = 0; at < events.length; at += 500)
      await trx
        .insertInto('incident_events')
        .values(events.slice(at, at + 500))
        .execute();
  });
  return db;
}

async function left(db: Database) {
  const ids = async (table: 'incident_subjects' | 'incident_events') =>
    (await db.selectFrom(table).select('incident').distinct().orderBy('incident').execute()).map(
      (row) => row.incident,
    );
  const rows = await db.selectFrom('incidents').select('id').orderBy('id').execute();
  return [rows.map(({ id }) => id), await ids('incident_subjects'), await ids('incident_events')];
}

/** The database of a server that is killed before that statement; all that it sends are counted. */
function counted(db: Database, killedAt = Number.POSITIVE_INFINITY) {
  let statements = 0;
  const dying = db.withPlugin({
    transformQuery: ({ node }) => {
      statements += 1;
      if (statements > killedAt) throw new Error('killed');
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  });
  return { db: dying, statements: () => statements };
}

const kept = ['i-open', 'i-shown', 'i-young'];

for (const database of await testDatabases(own)) {
  const { kind, skip } = database;
  test(`of thousands of old incidents nothing is left, in small steps, and of others all (${kind})`, {
    skip,
  }, async (t) => {
    // Each row costs a server of its own more; what is counted is the same.
    const old = kind === 'sqlite' ? 10_000 : 1_000;
    const db = await filled(t, database, old);
    const looked = counted(db);
    await forgetIncidents(looked.db, nowMs);
    assert.deepEqual(await left(db), [kept, kept, kept]);
    // Fifty in a step of seven statements, and four steps for those with many subjects.
    assert.ok(looked.statements() <= (old / 50 + 6) * 7, String(looked.statements()));
    assert.ok(looked.statements() >= old / 50, 'not all of them in one step');
    const again = counted(db);
    await forgetIncidents(again.db, nowMs);
    assert.equal(again.statements(), 2);
  });

  test(`what a kill leaves is an incident with what is kept of it, and goes the next time (${kind})`, {
    skip,
  }, async (t) => {
    const db = await filled(t, database, 60);
    const sizes = new Set<number>();
    for (let killedAt = 1; ; killedAt += 1) {
      const dying = counted(db, killedAt);
      const died = await forgetIncidents(dying.db, nowMs).then(
        () => false,
        () => true,
      );
      const [incidents = [], subjects = [], events = []] = await left(db);
      assert.deepEqual(
        [...subjects, ...events].filter((id) => !incidents.includes(id)),
        [],
      );
      sizes.add(incidents.length);
      if (!died) break;
    }
    assert.deepEqual([...sizes], [63, 13, 3]);
  });
}
