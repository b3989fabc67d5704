import { XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Root } from '../root.ts';
import { columnsOf, type IncidentRow, incidentNamed, incidentOf, incidentsLock } from './rows.ts';
import { type IncidentEventKind, tell } from './tell.ts';

type Parts = Pick<Root, 'db' | 'clock'>;

const auditNames = {
  acknowledged: 'incident.acknowledge',
  assigned: 'incident.assign',
  note: 'incident.note',
  closed: 'incident.close',
} as const satisfies Partial<Record<IncidentEventKind, string>>;

interface Act {
  readonly kind: keyof typeof auditNames;
  readonly message: string;
  readonly change: Partial<IncidentRow>;
}

/** What one person does to an incident: the change, its history, the audit log and who is told, all or nothing. */
async function act(
  { db, clock }: Parts,
  who: string,
  id: string,
  decide: (row: IncidentRow, nowMs: number) => Act | null,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, incidentsLock);
    const row = await incidentNamed(trx, id);
    const nowMs = clock.now();
    const done = decide(row, nowMs);
    if (done === null) return;
    const { kind, message, change } = done;
    const after = { ...row, ...change };
    if (Object.keys(change).length > 0)
      await trx.updateTable('incidents').set(change).where('id', '=', id).execute();
    await tell(trx, after, { kind, who, message }, nowMs);
    await appendAudit(trx, nowMs, {
      who,
      what: auditNames[kind],
      subject: `incident/${id}`,
      ...(row.environment === '' ? {} : { environment: row.environment }),
      after: { title: row.title, said: message },
    });
  });
}

/** Says that somebody looks at it; a second time changes nothing. @throws XylemError E_NOT_FOUND, E_CONFLICT (closed) */
export async function acknowledge(parts: Parts, who: string, id: string): Promise<void> {
  await act(parts, who, id, (row, nowMs) => {
    requireOpen(row);
    if (row.acknowledged_ms !== null) return null;
    return {
      kind: 'acknowledged',
      message: `${who} looks at it: ${row.title}`,
      change: { acknowledged_ms: nowMs, acknowledged_by: who },
    };
  });
}

/** @throws XylemError E_NOT_FOUND, E_CONFLICT (closed) */
export async function assign(parts: Parts, who: string, id: string, to: string): Promise<void> {
  await act(parts, who, id, (row) => {
    requireOpen(row);
    if (row.assigned_to === to) return null;
    return {
      kind: 'assigned',
      message: `${who} gave it to ${to}: ${row.title}`,
      change: { assigned_to: to },
    };
  });
}

/** Also on a closed one. @throws XylemError E_NOT_FOUND */
export async function note(parts: Parts, who: string, id: string, text: string): Promise<void> {
  await act(parts, who, id, () => ({ kind: 'note', message: text, change: {} }));
}

/**
 * Against the evidence: what is seen of it now is counted on in silence, and whatever else has the same cause opens
 * another. @throws XylemError E_NOT_FOUND, E_CONFLICT (closed)
 */
export async function close(parts: Parts, who: string, id: string, reason: string): Promise<void> {
  await act(parts, who, id, (row, nowMs) => {
    requireOpen(row);
    const closed = { ...incidentOf(row), state: 'closed' as const, closedMs: nowMs, closedBy: who };
    return {
      kind: 'closed',
      message: `${row.title} Closed by ${who}: ${reason}`,
      change: { ...columnsOf(closed), close_reason: reason },
    };
  });
}

function requireOpen({ id, state }: IncidentRow): void {
  if (state === 'open') return;
  throw new XylemError(
    'E_CONFLICT',
    `The incident ${id} is closed. \`xylem incident note ${id}\` adds to it.`,
  );
}
