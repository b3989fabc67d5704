import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres, waitUntil } from '@xylem/testkit';
import { sql } from 'kysely';
import { appendAudit } from '../audit/audit.ts';
import { openDatabase } from '../db/open.ts';
import type { Database } from '../db/tables.ts';
import { clearSigns, noteSigns } from './signs.ts';

const sign = { environment: 'e', key: 'host-silent', subject: 'h', isHost: true };
const note = (trx: Database) => noteSigns(trx, [{ ...sign, sinceMs: 0, message: '' }], 0);
const clear = (trx: Database) => clearSigns(trx, [sign], 0);
const audit = (trx: Database) => appendAudit(trx, 0, { who: 'ada', what: 'x', subject: 'y' });

/** SQLite has one transaction at a time. */
test('who notes evidence and then audits, and who does it the other way round, do not wait for each other', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const db = await openDatabase({ kind: 'postgres', url: await server.createDatabase('signs') });
  t.after(() => db.destroy());
  const isWaiting = async (): Promise<boolean> =>
    (await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock'`.execute(db)).rows.length > 0;
  for (const evidence of [note, clear]) {
    const noted = Promise.withResolvers<void>();
    const first = db.transaction().execute(async (trx) => {
      await evidence(trx);
      noted.resolve();
      await waitUntil(async () => hasAudited || (await isWaiting()));
      await audit(trx);
    });
    await noted.promise;
    let hasAudited = false;
    const second = db.transaction().execute(async (trx) => {
      await audit(trx);
      hasAudited = true;
      await evidence(trx);
    });
    await Promise.all([first, second]);
  }
  const { count } = await db
    .selectFrom('audit')
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  assert.equal(count, 4);
});
