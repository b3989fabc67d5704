export type { Adoption } from './adopt/adoptions.ts';
export { changeObserving } from './adopt/observe.ts';
export { orderAdoption } from './adopt/order.ts';
export { examineHost } from './doctor/examine.ts';
export { stopContainers } from './drivers/container/stop-containers.ts';
export {
  type ExplainedComponent,
  type Explanation,
  explainHost,
  type Keeping,
} from './explain/explain.ts';
export { joinHost } from './identity/join.ts';
export { rotateHostKey } from './identity/rekey.ts';
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
export {
  exceptions,
  type HostProxy,
  hostProxies,
  keepHostProxy,
  proxyOfEnvironment,
} from './proxy/host-proxy.ts';
export { returnProduct } from './reverting/return.ts';
export { runAgent } from './run/agent.ts';
export { isSystemdHost } from './supervisor/systemd/systemctl.ts';
export { checkState } from './update/check-state.ts';
export { launcher } from './update/launcher.ts';
export { launchedFrom } from './update/process.ts';
