import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

const reading = { permission: 'read', where: 'anywhere' } as const;
const acting = { permission: 'operate', where: 'anywhere' } as const;

/** What needs a person (docs/spec/incidents.md). */
export const incidentRoutes = {
  incidentList: {
    method: 'GET',
    path: '/incidents',
    needs: reading,
    query: s.IncidentQuery,
    response: s.Incidents,
    summary: 'Incidents, the newest first',
  },
  incidentShow: {
    method: 'GET',
    path: '/incidents/:id',
    needs: reading,
    params: s.IncidentParams,
    response: s.IncidentDetail,
    summary: 'One incident: who shows it, and what happened to it',
  },
  incidentAcknowledge: {
    method: 'POST',
    path: '/incidents/:id/acknowledge',
    needs: acting,
    params: s.IncidentParams,
    response: s.IncidentDetail,
    summary: 'Say that one looks at it',
  },
  incidentAssign: {
    method: 'POST',
    path: '/incidents/:id/assign',
    needs: acting,
    params: s.IncidentParams,
    body: s.IncidentAssign,
    response: s.IncidentDetail,
    summary: 'Say who looks after it',
  },
  incidentNote: {
    method: 'POST',
    path: '/incidents/:id/notes',
    needs: acting,
    params: s.IncidentParams,
    body: s.IncidentNote,
    response: s.IncidentDetail,
    summary: 'Write something into its history',
  },
  incidentClose: {
    method: 'POST',
    path: '/incidents/:id/close',
    needs: acting,
    params: s.IncidentParams,
    body: s.IncidentClose,
    response: s.IncidentDetail,
    summary: 'Close it though evidence has not, with a reason',
  },
} as const satisfies Record<string, RouteContract>;
