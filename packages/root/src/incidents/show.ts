import { timeOf, timesOf } from '@xylem/core';
import type { Incident, IncidentDetail } from '../api/schemas/index.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, refOf } from '../environments/names.ts';
import { type IncidentRow, incidentOf } from './rows.ts';

const mostSubjects = 100;
const mostEvents = 200;

const time = (ms: number | null): string | null => (ms === null ? null : timeOf(ms));

export async function showIncidents(db: Database, rows: readonly IncidentRow[]): Promise<Incident[]> {
  const refs = new Map((await allEnvironments(db)).map((row) => [row.id, refOf(row)]));
  return rows.map((row) => {
    const { toDetect, toRecover } = timesOf(incidentOf(row));
    return {
      id: row.id,
      environment: refs.get(row.environment) ?? null,
      kind: row.kind as Incident['kind'],
      product: row.product,
      title: row.title,
      state: row.state as Incident['state'],
      holding: row.holding,
      subjects: row.subjects,
      reopened: row.reopened,
      began: timeOf(row.began_ms),
      detected: timeOf(row.detected_ms),
      acknowledged: time(row.acknowledged_ms),
      acknowledgedBy: row.acknowledged_by,
      assignedTo: row.assigned_to,
      recovered: time(row.recovered_ms),
      closed: time(row.closed_ms),
      closedBy: row.closed_by,
      closeReason: row.close_reason,
      secondsToDetect: toDetect,
      secondsToRecover: toRecover,
    };
  });
}

export async function showIncident(db: Database, row: IncidentRow): Promise<IncidentDetail> {
  const [shown] = await showIncidents(db, [row]);
  if (shown === undefined) throw new TypeError('an incident is shown');
  const subjects = await db
    .selectFrom('incident_subjects as s')
    .leftJoin('hosts as h', 'h.id', 's.host')
    .select(['s.subject', 's.message', 's.since_ms', 's.cleared_ms', 'h.name'])
    .where('s.incident', '=', row.id)
    .orderBy((e) => e.case().when('s.cleared_ms', 'is', null).then(0).else(1).end())
    .orderBy('s.since_ms')
    .orderBy('s.subject')
    .limit(mostSubjects)
    .execute();
  const events = await db
    .selectFrom('incident_events')
    .selectAll()
    .where('incident', '=', row.id)
    .orderBy('sequence', 'desc')
    .limit(mostEvents)
    .execute();
  return {
    ...shown,
    seen: subjects.map(({ subject, name, message, since_ms, cleared_ms }) => ({
      subject,
      name,
      message,
      since: timeOf(since_ms),
      ended: time(cleared_ms),
    })),
    events: events
      .reverse()
      .map(({ time_ms, kind, who, message }) => ({ time: timeOf(time_ms), kind, by: who, message })),
  };
}
