export {
  type AheadPart,
  aheadAssignments,
  desiredAssignments,
  type KnownRelease,
  type ProductDirection,
} from './assignments.ts';
export { type Claim, type Conflict, conflictsIn, refuseConflicts } from './conflicts.ts';
export { mayOverlap } from './overlap.ts';
export {
  type ComponentMapping,
  type EnvironmentPolicy,
  type EnvironmentSpec,
  mappingOf,
  type ProductMapping,
  type StatementRule,
  withSealed,
} from './spec.ts';
export {
  defaultStages,
  earlierStages,
  environmentSelectable,
  mostStages,
  nextStage,
  refuseBadOrder,
} from './stages.ts';
