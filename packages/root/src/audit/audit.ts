import { createHash } from 'node:crypto';
import type { Database } from '../db/tables.ts';

export interface AuditEntry {
  readonly who: string;
  /** The operation, `host.label`. */
  readonly what: string;
  /** On what, `host/<id>`. */
  readonly subject: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Appends to the audit log; call it inside the transaction of the change itself, so that neither is without the other. */
export async function appendAudit(trx: Database, nowMs: number, entry: AuditEntry): Promise<void> {
  const last = await trx
    .selectFrom('audit')
    .select('hash')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  const row = {
    time_ms: nowMs,
    who: entry.who,
    what: entry.what,
    subject: entry.subject,
    before: JSON.stringify(entry.before ?? null),
    after: JSON.stringify(entry.after ?? null),
  };
  await trx
    .insertInto('audit')
    .values({ ...row, hash: linkHash(last?.hash ?? '', row) })
    .execute();
}

type Linked = { time_ms: number; who: string; what: string; subject: string; before: string; after: string };

function linkHash(previous: string, { time_ms, who, what, subject, before, after }: Linked): string {
  const link = JSON.stringify([previous, time_ms, who, what, subject, before, after]);
  return createHash('sha256').update(link).digest('hex');
}

/** The sequence of the first entry whose hash does not follow from the one before, or null if the log is whole. */
export async function firstBrokenEntry(db: Database): Promise<number | null> {
  let previous = '';
  for await (const row of db.selectFrom('audit').selectAll().orderBy('sequence').stream()) {
    if (row.hash !== linkHash(previous, row)) return row.sequence;
    previous = row.hash;
  }
  return null;
}

export async function readAudit(db: Database, after: number, limit: number) {
  return await db
    .selectFrom('audit')
    .selectAll()
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit)
    .execute();
}
