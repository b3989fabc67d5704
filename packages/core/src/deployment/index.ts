export { advance } from './advance.ts';
export { applyDecisions } from './apply.ts';
export {
  type Advance,
  type AdvancePolicy,
  type ComponentChange,
  type Decision,
  type Deployment,
  type DeploymentKind,
  type DeploymentState,
  type HostCount,
  type HostEvidence,
  hasEnded,
  initialThreshold,
  type Progress,
  type ReleaseName,
  type Standing,
  type Strategy,
  type Verdict,
} from './deployment.ts';
export { heldPins, keptPins, noPackage } from './pins.ts';
export { standingOf } from './standing.ts';
export { mayFit, type Unfit, unfitHosts } from './unfit.ts';
