import { incidentKinds } from '@xylem/core';
import { type Static, Type } from 'typebox';
import {
  Count,
  EnvironmentPattern,
  EnvironmentRef,
  Name,
  Nullable,
  OneLine,
  Strict,
  Time,
} from './common.ts';

const Kind = Type.Enum([...incidentKinds]);
const State = Type.Enum(['open', 'closed']);

export const IncidentQuery = Strict({
  environment: Type.Optional(EnvironmentPattern),
  state: Type.Optional(State),
  kind: Type.Optional(Kind),
  product: Type.Optional(Name),
  limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$', description: '1 to 1000' })),
});
export const IncidentParams = Strict({
  id: Type.String({ pattern: '^i-[0-9a-f]{12}$', description: 'the id of an incident, i- and 12 digits' }),
});
export const IncidentAssign = Strict({ to: OneLine(100, 'who looks after it, at most 100 characters') });
export const IncidentNote = Strict({ text: OneLine(2_000, 'a note, at most 2,000 characters on one line') });
export const IncidentClose = Strict({
  reason: OneLine(1_000, 'a reason, at most 1,000 characters on one line'),
});

/**
 * `environment` null: of the whole installation. `holding`: how many subjects show it now; `subjects`: at any time.
 * `began`: when the evidence began; `recovered`: when the last of it ended. `closedBy` null: evidence closed it, or it
 * is open.
 */
const About = {
  id: Type.String(),
  environment: Nullable(EnvironmentRef),
  kind: Kind,
  product: Nullable(Name),
  title: Type.String(),
  state: State,
  holding: Count,
  subjects: Count,
  reopened: Count,
  began: Time,
  detected: Time,
  acknowledged: Nullable(Time),
  acknowledgedBy: Nullable(Type.String()),
  assignedTo: Nullable(Type.String()),
  recovered: Nullable(Time),
  closed: Nullable(Time),
  closedBy: Nullable(Type.String()),
  closeReason: Nullable(Type.String()),
  secondsToDetect: Count,
  secondsToRecover: Nullable(Count),
};
export const Incident = Strict(About);
export type Incident = Static<typeof Incident>;
export const Incidents = Strict({ incidents: Type.Array(Incident) });

const Subject = Strict({
  subject: Type.String({ description: 'the id of a host or a deployment, or the name of a role' }),
  name: Nullable(Type.String({ description: "a host's name" })),
  message: Type.String(),
  since: Time,
  ended: Nullable(Time),
});
const Event = Strict({
  time: Time,
  kind: Type.String(),
  by: Nullable(Type.String()),
  message: Type.String(),
});

/** Up to 100 subjects, those that show it still first; the newest 200 events, oldest first. */
export const IncidentDetail = Strict({
  ...About,
  seen: Type.Array(Subject),
  events: Type.Array(Event),
});
export type IncidentDetail = Static<typeof IncidentDetail>;
