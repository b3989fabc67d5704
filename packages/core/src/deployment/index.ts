export { advance, advanceBy } from './advance.ts';
export {
  type AfterLook,
  type AfterSeen,
  type AfterWatch,
  lookAfter,
  mostFailed,
  mostFailing,
  type WatchRules,
} from './after.ts';
export { type AfterEvidence, type AfterHost, type LookedAfter, lookAfterBy } from './after-look.ts';
export { applyDecisions, isAsking, marking, resumed } from './apply.ts';
export { adviceFor, behindOf, isInTurn, type WayOfHost } from './behind.ts';
export { canaryStanding } from './canary-standing.ts';
export { courseOf, promisesUndo } from './course.ts';
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
  type Judging,
  labelOf,
  type Progress,
  type ReleaseName,
  type Standing,
  type Strategy,
  type UpdateLimits,
  type Verdict,
  type Watched,
} from './deployment.ts';
export { type DiskHost, diskSeen } from './disk.ts';
export type { Figures, FiguresWanted, JudgedMetric } from './figures.ts';
export { heedsFreezes } from './freeze.ts';
export {
  type BlueGreenStrategy,
  type GroupsPhase,
  type GroupsState,
  givenBack,
  goesBackInPhases,
  holdsTraffic,
  type TrafficEvidence,
  waitingFor,
} from './groups.ts';
export { isWell, shareOf } from './health.ts';
export { countsAsFailed, type HostAct, mayAct, refusedIn } from './host-acts.ts';
export type { Laggard, LaggardReason } from './laggards.ts';
export { heldPins, isStray, keptPins, noPackage, skippedPins, strayPins } from './pins.ts';
export {
  isRecallDue,
  lastGood,
  type RecallOutcome,
  type RecallStanding,
  type RecallStep,
  recallStanding,
  recallStep,
} from './recall.ts';
export {
  afterRecord,
  differenceOf,
  type EvidenceRecord,
  evidenceFor,
  nothingRecorded,
  type Recorded,
  type Replayed,
  recordOf,
  recordText,
  replayed,
} from './record.ts';
export { standingOf } from './standing.ts';
export { mostStratifiedSelector } from './strata.ts';
export { chosenStrategy, type StrategyFor, type WantedStrategy } from './strategy.ts';
export { Tally } from './tally.ts';
export { type PersonAct, personActs, stateAfter } from './transitions.ts';
export { isEligible, overviewOf } from './turns.ts';
export { mayFit, platformOf, type Unfit, unfitHosts } from './unfit.ts';
export {
  afterWatchRecord,
  isToRecord,
  noWatchRecorded,
  type RecordedWatch,
  replayedWatch,
  watchRecordText,
  watchStandsAfter,
} from './watch-record.ts';
