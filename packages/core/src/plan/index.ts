export {
  type ApprovalDemand,
  type ApprovalRule,
  type ApprovalWord,
  demandsApproval,
  missingApprovals,
} from './approvals.ts';
export { type ChangeCount, changesOf, countChanges, type HostChange } from './changes.ts';
export {
  encodePlan,
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
export { type DueStep, dueSteps, stepsNotUndone } from './way-back.ts';
