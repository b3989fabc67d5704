import { type Incident, type IncidentKind, XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';

export type IncidentRow = Selectable<Tables['incidents']>;
export type SignRow = Selectable<Tables['incident_signs']>;

/** Who changes incidents goes one after the other (`lockFor`); taken before the audit log and before signs. */
export const incidentsLock = 'incidents';

/** As core decides over it. */
export const incidentOf = (row: IncidentRow): Incident => ({
  state: row.state as Incident['state'],
  beganMs: row.began_ms,
  detectedMs: row.detected_ms,
  holding: row.holding,
  subjects: row.subjects,
  recoveredMs: row.recovered_ms,
  closedMs: row.closed_ms,
  closedBy: row.closed_by,
  reopened: row.reopened,
  told: row.told,
  toldMs: row.told_ms,
});

/** The columns that core decides over. */
export const columnsOf = (incident: Incident) => ({
  state: incident.state,
  began_ms: incident.beganMs,
  detected_ms: incident.detectedMs,
  holding: incident.holding,
  subjects: incident.subjects,
  recovered_ms: incident.recoveredMs,
  closed_ms: incident.closedMs,
  closed_by: incident.closedBy,
  reopened: incident.reopened,
  told: incident.told,
  told_ms: incident.toldMs,
});

export interface IncidentsWanted {
  /** Ids; the empty one stands for the whole installation. */
  readonly environments: readonly string[];
  readonly state?: Incident['state'];
  readonly kind?: IncidentKind;
  readonly product?: string;
  readonly limit: number;
}

/** The newest first. */
export async function incidentRows(db: Database, wanted: IncidentsWanted): Promise<IncidentRow[]> {
  const { environments, state, kind, product, limit } = wanted;
  if (environments.length === 0) return [];
  let query = db
    .selectFrom('incidents')
    .selectAll()
    .where('environment', 'in', environments)
    .orderBy('detected_ms', 'desc')
    .orderBy('id')
    .limit(limit);
  if (state !== undefined) query = query.where('state', '=', state);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (product !== undefined) query = query.where('product', '=', product);
  return await query.execute();
}

/** @throws XylemError E_NOT_FOUND */
export async function incidentNamed(db: Database, id: string): Promise<IncidentRow> {
  const row = await db.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw noIncident(id);
  return row;
}

export const noIncident = (id: string): XylemError =>
  new XylemError('E_NOT_FOUND', `There is no incident ${id}. See \`xylem incident list\`.`);
