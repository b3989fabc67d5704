export { type EarlierPlace, missingAt } from './fault.ts';
export { type After, type AfterStage, type IncidentDemand, soakMs, type TestDemand } from './policy.ts';
export { incidentsMissing, isVerdict, type OpenIncident, type TestRun, testsMissing } from './proof.ts';
export { type PastDeployment, type Stood, stoodThere } from './stood.ts';
