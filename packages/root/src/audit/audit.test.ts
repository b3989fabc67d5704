import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { cleanup, postgres, tempFolder } from '@xylem/testkit';
import { generateKey } from '@xylem/trust';
import { Kysely, sql } from 'kysely';
import { postgresColumns, sqliteColumns } from '../db/column-types.ts';
import * as begin from '../db/migrations/0001-begin.ts';
import * as found from '../db/migrations/0002-found.ts';
import { type DatabaseConfig, openDatabase } from '../db/open.ts';
import { openPostgres } from '../db/postgres.ts';
import { openSqlite } from '../db/sqlite.ts';
import type { Database } from '../db/tables.ts';
import { appendAudit } from './audit.ts';
import { createAuditing } from './auditing.ts';
import { withOrigin } from './origin.ts';
import { readAudit } from './rows.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);
let count = 0;
const kinds: Record<string, (() => Promise<DatabaseConfig>) | string> = {
  sqlite: async () => ({ kind: 'sqlite', file: join(await tempFolder(own, 'audit'), 'root.db') }),
  postgres:
    'skip' in server
      ? server.skip
      : async () => ({ kind: 'postgres', url: await server.createDatabase(`audit_${count++}`) }),
};

const entry = (n: number) => ({
  who: 'a',
  what: 'host.label',
  subject: `host/${n}`,
  before: {},
  after: { n },
});
const broken = (sequence: number, message: RegExp) => ({
  code: 'E_AUDIT_BROKEN',
  message,
  details: { sequence },
});

for (const [kind, make] of Object.entries(kinds)) {
  describe(`audit log: ${kind}`, { skip: typeof make === 'string' ? make : false }, () => {
    /** A log of ten entries with a checkpoint of the fifth, whose database refuses nothing any more. */
    async function tampered() {
      assert.ok(typeof make !== 'string');
      const db = await openDatabase(await make());
      own.after(() => db.destroy());
      const file = join(await tempFolder(own, 'audit'), 'audit-checkpoint.json');
      const auditing = createAuditing({ db, key: generateKey(), clock: systemClock, log: silentLog, file });
      for (let n = 1; n <= 5; n += 1) await appendAudit(db, n * 1000, entry(n));
      await auditing.checkpoint();
      for (let n = 6; n <= 10; n += 1) await appendAudit(db, n * 1000, entry(n));
      const { entries, checkpoints, last } = await auditing.verify();
      assert.deepEqual([entries, checkpoints, last?.sequence], [10, 1, 10]);
      await dropTriggers(db, kind);
      return { db, auditing, file };
    }
    const verifyFails = async (
      change: (db: Database, file: string) => Promise<unknown>,
      sequence: number,
      message: RegExp,
    ) => {
      const { db, auditing, file } = await tampered();
      await change(db, file);
      await assert.rejects(auditing.verify(), broken(sequence, message));
    };

    test('the database refuses to change or remove an entry or a checkpoint', async () => {
      assert.ok(typeof make !== 'string');
      const db = await openDatabase(await make());
      own.after(() => db.destroy());
      await appendAudit(db, 1, entry(1));
      await db.insertInto('audit_checkpoints').values({ sequence: 1, time_ms: 1, envelope: '{}' }).execute();
      const refused = /append-only/;
      await assert.rejects(db.updateTable('audit').set({ who: 'b' }).execute(), refused);
      await assert.rejects(db.deleteFrom('audit').execute(), refused);
      await assert.rejects(db.updateTable('audit_checkpoints').set({ envelope: '' }).execute(), refused);
      await assert.rejects(db.deleteFrom('audit_checkpoints').execute(), refused);
      if (kind === 'postgres') await assert.rejects(sql`truncate audit`.execute(db), refused);
    });

    test('a changed entry', async () => {
      const set = (values: object) => (db: Database) =>
        db.updateTable('audit').set(values).where('sequence', '=', 3).execute();
      const columns = {
        after: '{"n":9}',
        before: 'no JSON',
        who: 'b',
        what: 'x',
        subject: 'y',
        time_ms: 3001,
        from_address: '::1',
        environment: 'e',
        format: 0,
      };
      for (const [column, value] of Object.entries(columns))
        await verifyFails(set({ [column]: value }), 3, /Entry 3 was changed/);
    });

    test('a removed entry, and entries in another order', async () => {
      const remove = (db: Database) => db.deleteFrom('audit').where('sequence', '=', 4).execute();
      await verifyFails(remove, 4, /Entry 4 is missing/);
      const swap = async (db: Database) => {
        const move = (from: number, to: number) =>
          db.updateTable('audit').set({ sequence: to }).where('sequence', '=', from).execute();
        await move(3, 99);
        await move(4, 3);
        await move(99, 4);
      };
      await verifyFails(swap, 3, /Entry 3 was changed/);
    });

    test('a log that was rewritten with all its hashes, before a checkpoint', async () => {
      const rewrite = async (db: Database) => {
        const rows = await readAudit(db, { after: 2, limit: 100 });
        await db.deleteFrom('audit').where('sequence', '>', 2).execute();
        const before = await db
          .selectFrom('audit')
          .select('hash')
          .where('sequence', '=', 2)
          .executeTakeFirstOrThrow();
        await db.updateTable('audit_head').set({ sequence: 2, hash: before.hash }).execute();
        for (const row of rows) await appendAudit(db, 1000, { ...entry(row.entry.sequence), who: 'mallory' });
      };
      await verifyFails(rewrite, 5, /Entry 5 is not the one that was verified before/);
      const alsoFile = async (db: Database, file: string) => {
        await rewrite(db);
        await rm(file);
      };
      await verifyFails(alsoFile, 5, /checkpoint of entry 5 names another one/);
    });

    test('an end that was cut off, also with its checkpoints and its head', async () => {
      const cut = (to: number) => (db: Database) =>
        db.deleteFrom('audit').where('sequence', '>', to).execute();
      await verifyFails(cut(8), 9, /ends at entry 8/);
      const cutAll = async (db: Database, file: string | null) => {
        await cut(3)(db);
        const { hash } = await db
          .selectFrom('audit')
          .select('hash')
          .where('sequence', '=', 3)
          .executeTakeFirstOrThrow();
        await db.updateTable('audit_head').set({ sequence: 3, hash }).execute();
        if (file !== null) await db.deleteFrom('audit_checkpoints').execute();
      };
      await verifyFails((db) => cutAll(db, null), 4, /entries are missing/);
      // The newest checkpoint also lies beside the database.
      await verifyFails(cutAll, 4, /it had 5/);
      // Without that nothing is left that knows better, here: whoever verified before does.
      const { db, auditing, file } = await tampered();
      await cutAll(db, file);
      await rm(file);
      assert.equal((await auditing.verify()).last?.sequence, 3);
    });

    test('a checkpoint by another key', async () => {
      const { db, auditing, file } = await tampered();
      const key = generateKey();
      await createAuditing({ db, key, clock: systemClock, log: silentLog, file: `${file}2` }).checkpoint();
      await assert.rejects(auditing.verify(), { code: 'E_AUDIT_BROKEN', message: /not signed/ });
    });

    test('goes on behind entries of the first version, whose numbers may leave some out', async () => {
      assert.ok(typeof make !== 'string');
      const config = await make();
      await writeFirstVersion(config, [1, 4, 6]);
      const db = await openDatabase(config);
      own.after(() => db.destroy());
      const file = join(await tempFolder(own, 'audit'), 'audit-checkpoint.json');
      const auditing = createAuditing({ db, key: generateKey(), clock: systemClock, log: silentLog, file });
      await dropTriggers(db, kind);
      for (let n = 7; n <= 9; n += 1) await appendAudit(db, n * 1000, entry(n));
      await auditing.checkpoint();
      const { entries, last, checkpoints } = await auditing.verify();
      assert.deepEqual([entries, last?.sequence, checkpoints], [6, 9, 1]);
      await db.updateTable('audit').set({ before: '{"a":2,"b":1}' }).where('sequence', '=', 4).execute();
      await assert.rejects(auditing.verify(), broken(4, /Entry 4 was changed/));
    });

    test('many that append at once stand in line, and leave no number out', async () => {
      const { db, auditing } = await tampered();
      const attempts = Array.from({ length: 20 }, (_, n) =>
        db.transaction().execute(async (trx) => {
          await appendAudit(trx, n * 1000, entry(n));
          if (n % 3 === 0) throw new Error('undone');
        }),
      );
      const done = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'fulfilled');
      assert.equal((await auditing.verify()).entries, 10 + done.length);
    });

    test('names who asks and from where, whatever a change says', async () => {
      const { db } = await tampered();
      await withOrigin({ who: 'person/anna', from: '10.0.0.7' }, () => appendAudit(db, 1, entry(11)));
      const [last] = await readAudit(db, { newestFirst: true, limit: 1 });
      assert.ok(last?.entry.format === 'xylem-audit-1');
      assert.deepEqual([last.entry.who, last.entry.from], ['person/anna', '10.0.0.7']);
      const by = async (who: string) => (await readAudit(db, { who, limit: 100 })).length;
      assert.deepEqual([await by('anna'), await by('a%'), await by('nobody')], [1, 0, 0]);
      const of = async (what: string) => (await readAudit(db, { what, limit: 100 })).length;
      assert.deepEqual([await of('host'), await of('host.label'), await of('hos')], [11, 11, 0]);
    });
  });
}

async function dropTriggers(db: Database, kind: string): Promise<void> {
  for (const table of ['audit', 'audit_checkpoints']) {
    const names =
      kind === 'sqlite'
        ? [`${table}_no_update`, `${table}_no_delete`]
        : [`${table}_append_only on ${table}`, `${table}_no_truncate on ${table}`];
    for (const name of names) await sql.raw(`drop trigger ${name}`).execute(db);
  }
}

/** A database as the first version left it, with entries of these sequences. */
async function writeFirstVersion(config: DatabaseConfig, sequences: readonly number[]): Promise<void> {
  const isSqlite = config.kind === 'sqlite';
  const db = new Kysely<unknown>({ dialect: isSqlite ? openSqlite(config.file) : openPostgres(config.url) });
  const types = isSqlite ? sqliteColumns : postgresColumns;
  await begin.up(db, types);
  await found.up(db);
  await sql`create table xylem_schema (version bigint not null)`.execute(db);
  await sql`insert into xylem_schema (version) values (1), (2)`.execute(db);
  let previous = '';
  for (const sequence of sequences) {
    const row = [7, 'init', 'x', 'root', '{"b":1,"a":2}', 'null'] as const;
    previous = createHash('sha256')
      .update(JSON.stringify([previous, ...row]))
      .digest('hex');
    const overriding = isSqlite ? sql`` : sql`overriding system value`;
    await sql`insert into audit (sequence, time_ms, who, what, subject, "before", "after", hash) ${overriding}
      values (${sequence}, ${sql.join(row)}, ${previous})`.execute(db);
  }
  await db.destroy();
}
