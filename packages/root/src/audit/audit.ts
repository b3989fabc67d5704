import { timeMs, timeOf } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { auditHash } from './entry.ts';
import { currentOrigin } from './origin.ts';
import { documentOf } from './rows.ts';

export interface AuditEntry {
  /** Who acts where no request is being answered; else the request's own word stands. */
  readonly who: string;
  /** The operation, `host.label`. */
  readonly what: string;
  /** On what, `host/<id>`. */
  readonly subject: string;
  /** Id of the environment that the change belongs to; who administers only that sees no entry without it. */
  readonly environment?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Lets nobody else write to it until this transaction is over, as if this one had. */
export async function holdAudit(trx: Database): Promise<void> {
  await trx
    .updateTable('audit_head')
    .set((e) => ({ sequence: e.ref('sequence') }))
    .where('id', '=', 1)
    .execute();
}

/**
 * Appends to the audit log; call it inside the transaction of the change itself, so that neither is without the other.
 * Two that append stand in line at the head's row until the first has committed.
 */
export async function appendAudit(db: Database, nowMs: number, entry: AuditEntry): Promise<void> {
  await appendAudits(db, nowMs, [entry]);
}

/** Of one insert: a database takes so many values at once. */
const rowsAtOnce = 500;

/** `appendAudit` of several entries, one after the other. */
export async function appendAudits(
  db: Database,
  nowMs: number,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  if (!db.isTransaction) {
    await db.transaction().execute((trx) => appendAudits(trx, nowMs, entries));
    return;
  }
  const head = await db
    .updateTable('audit_head')
    .set((e) => ({ sequence: e('sequence', '+', entries.length) }))
    .where('id', '=', 1)
    .returning(['sequence', 'hash'])
    .executeTakeFirstOrThrow();
  const origin = currentOrigin();
  let { hash } = head;
  const rows = entries.map((entry, index) => {
    const row = {
      sequence: head.sequence - entries.length + 1 + index,
      // What is hashed has whole seconds.
      time_ms: timeMs(timeOf(nowMs)),
      who: origin?.who ?? entry.who,
      what: entry.what,
      subject: entry.subject,
      before: JSON.stringify(entry.before ?? null),
      after: JSON.stringify(entry.after ?? null),
      format: 1,
      from_address: origin?.from ?? null,
      environment: entry.environment ?? null,
    };
    hash = auditHash(documentOf({ ...row, hash: '' }, hash));
    return { ...row, hash };
  });
  for (let at = 0; at < rows.length; at += rowsAtOnce)
    await db
      .insertInto('audit')
      .values(rows.slice(at, at + rowsAtOnce))
      .execute();
  await db.updateTable('audit_head').set({ hash }).where('id', '=', 1).execute();
}
