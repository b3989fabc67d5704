export { advancePlan, type PlanSeen, type PlanStep } from './advance.ts';
export {
  type ApprovalDemand,
  type ApprovalRule,
  type ApprovalWord,
  approvalRulesOf,
  demandsApproval,
  missingApprovals,
  secondPerson,
} from './approvals.ts';
export { type ChangeCount, changesOf, countChanges, type HostChange } from './changes.ts';
export {
  encodePlan,
  type ForceableGate,
  forceableGates,
  type Plan,
  type PlanEnvironment,
  type PlanStage,
  parsePlan,
  planDigest,
} from './document.ts';
export { type EarlierDeployment, type Estimate, estimate } from './estimate.ts';
export {
  type FactChange,
  factsDifference,
  factsDigest,
  type PlanFacts,
  runningVersions,
  specFacts,
  type WayBack,
} from './facts.ts';
export { gatePolicies, type PlanGates } from './gates.ts';
export { type PlanNotify, planTopics } from './notify.ts';
export {
  drawnFor,
  type PreflightRun,
  type PreflightSeen,
  preflightOpen,
  preflightOutcome,
  preflightRunOf,
  preflightSeen,
  preflightText,
} from './preflight.ts';
export { planProbeName, statedProbes } from './probes.ts';
export {
  lookAtRing,
  type RingDeployment,
  type RingLook,
  type RingMember,
  type RingRules,
  type RingState,
  ringBegun,
  ringRules,
  waivedRing,
} from './ring.ts';
export {
  afterRingRecord,
  noRingRecorded,
  type RecordedRing,
  replayedRing,
  ringRecordText,
  standsAfter,
} from './ring-record.ts';
export { type SeenDeployment, type SeenRing, type StageStanding, stageStanding } from './standing.ts';
export type { PlanTest } from './tests.ts';
export type { SeenTestRun, SeenTests } from './tests-look.ts';
export { type DueStep, dueSteps, stepsNotUndone } from './way-back.ts';
