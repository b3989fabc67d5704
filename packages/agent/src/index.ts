export {
  type ComponentKind,
  type JournalPoint,
  journalPoints,
  type StepKind,
  stepKinds,
} from './converge/points.ts';
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

import type { AgentOptions, Joined, JoinOptions, RunningAgent, SupervisorOptions } from './options.ts';

/** Runs the agent of a joined host until its signal or `stop`. One agent per state folder. */
export async function runAgent(_options: AgentOptions): Promise<RunningAgent> {
  throw new Error('not yet');
}

/** Makes the host's key, joins with a token, and lays out the state folder. Joining again with a live token keeps key and id. */
export async function joinHost(_options: JoinOptions): Promise<Joined> {
  throw new Error('not yet');
}

/** The built-in supervisor's process. Resolves when it has ended. */
export async function runSupervisor(_options: SupervisorOptions): Promise<void> {
  throw new Error('not yet');
}
