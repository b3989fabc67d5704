export {
  afterSigns,
  belongsTo,
  type Incident,
  isOver,
  quietMs,
  type SignChange,
  type Telling,
  timesOf,
} from './incident.ts';
export { causeOf, type IncidentKind, incidentKinds, type Sign, signsOf } from './signs.ts';
