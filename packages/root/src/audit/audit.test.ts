import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeLater, tempFolder } from '@xylem/testkit';
import { openDatabase } from '../db/open.ts';
import { appendAudit, firstBrokenEntry } from './audit.ts';

test('an altered or removed entry of the audit log shows', async (t) => {
  const db = await openDatabase({ kind: 'sqlite', file: join(await tempFolder(t, 'audit'), 'root.db') });
  removeLater(t, () => db.destroy());
  for (let n = 1; n <= 5; n += 1) {
    await appendAudit(db, n, {
      who: 'a',
      what: 'host.label',
      subject: `host/${n}`,
      before: {},
      after: { n },
    });
  }
  assert.equal(await firstBrokenEntry(db), null);
  await db.updateTable('audit').set({ after: '{"n":9}' }).where('sequence', '=', 3).execute();
  assert.equal(await firstBrokenEntry(db), 3);
  await db.updateTable('audit').set({ after: '{"n":3}' }).where('sequence', '=', 3).execute();
  await db.deleteFrom('audit').where('sequence', '=', 2).execute();
  assert.equal(await firstBrokenEntry(db), 3);
});
