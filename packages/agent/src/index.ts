export {
  type ComponentKind,
  type JournalPoint,
  journalPoints,
  type StepKind,
  stepKinds,
} from './converge/points.ts';
export { joinHost } from './identity/join.ts';
export type {
  AgentOptions,
  AgentStatus,
  AgentTiming,
  Joined,
  JoinOptions,
  RunningAgent,
  Serving,
  SupervisorOptions,
} from './options.ts';
export { runAgent } from './run/agent.ts';
export { runSupervisor } from './supervisor/run.ts';
export { stopServices } from './supervisor/stop-services.ts';
