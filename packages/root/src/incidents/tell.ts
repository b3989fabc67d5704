import { timeOf, timesOf } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { notify } from '../notify/notify.ts';
import { type IncidentRow, incidentOf } from './rows.ts';

/** What becomes of incidents: `incident.<kind>` is also the topic that people subscribe to. */
export type IncidentEventKind =
  | 'opened'
  | 'reopened'
  | 'grew'
  | 'recovered'
  | 'closed'
  | 'acknowledged'
  | 'assigned'
  | 'note';

/** Writes into an incident's history and tells who wants to know; in the transaction of the change itself. */
export async function tell(
  trx: Database,
  row: IncidentRow,
  event: { readonly kind: IncidentEventKind; readonly who: string | null; readonly message: string },
  nowMs: number,
): Promise<void> {
  const { kind, who, message } = event;
  await trx
    .insertInto('incident_events')
    .values({ incident: row.id, time_ms: nowMs, kind, who, message })
    .execute();
  const { toDetect, toRecover } = timesOf(incidentOf(row));
  const time = (ms: number | null): string | null => (ms === null ? null : timeOf(ms));
  await notify(trx, nowMs, {
    topic: `incident.${kind}`,
    environment: row.environment === '' ? null : row.environment,
    subject: `incident/${row.id}`,
    message,
    data: {
      incident: row.id,
      kind: row.kind,
      product: row.product,
      title: row.title,
      state: row.state,
      holding: row.holding,
      subjects: row.subjects,
      began: time(row.began_ms),
      detected: time(row.detected_ms),
      recovered: time(row.recovered_ms),
      closed: time(row.closed_ms),
      secondsToDetect: toDetect,
      secondsToRecover: toRecover,
      acknowledgedBy: row.acknowledged_by,
      assignedTo: row.assigned_to,
      by: who,
    },
  });
}

export function sentenceOf(
  kind: 'opened' | 'reopened' | 'grew' | 'recovered',
  { title, holding, subjects }: IncidentRow,
): string {
  switch (kind) {
    case 'opened':
      return `${title} Seen: ${subjects}.`;
    case 'reopened':
      return `It came back: ${title} Seen now: ${holding}.`;
    case 'grew':
      return `It grows: ${title} Seen now: ${holding}.`;
    case 'recovered':
      return `Nothing is seen of it any more: ${title}`;
  }
}
