export { advance } from './advance.ts';
export { applyDecisions, hostAfter, resumed } from './apply.ts';
export { canaryStanding } from './canary-standing.ts';
export {
  type Advance,
  type AdvancePolicy,
  type CanaryState,
  type CanaryStrategy,
  type ComponentChange,
  type Decision,
  type Deployment,
  type DeploymentKind,
  type DeploymentState,
  type HostCount,
  type HostEvidence,
  hasEnded,
  initialThreshold,
  labelOf,
  type Progress,
  type ReleaseName,
  type Standing,
  type Strategy,
  type UpdateLimits,
  type Verdict,
  type Watched,
} from './deployment.ts';
export type { Figures, FiguresWanted, JudgedMetric } from './figures.ts';
export { isWell, shareOf } from './health.ts';
export { heldPins, keptPins, noPackage, strayPins } from './pins.ts';
export {
  afterRecord,
  type EvidenceRecord,
  evidenceFor,
  nothingRecorded,
  type Recorded,
  recordOf,
  recordText,
  replayed,
} from './record.ts';
export { standingOf } from './standing.ts';
export { mostStratifiedSelector } from './strata.ts';
export { chosenStrategy, type StrategyFor, type WantedStrategy } from './strategy.ts';
export { type PersonAct, personActs, stateAfter } from './transitions.ts';
export { mayFit, platformOf, type Unfit, unfitHosts } from './unfit.ts';
