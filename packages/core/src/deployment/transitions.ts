import type { DeploymentState } from './deployment.ts';

/** What people may do with one deployment, and in which states; in others it is refused (E_DEPLOYMENT_STATE). */
export const personActs = {
  pause: { to: 'paused', from: ['running'] },
  resume: { to: 'running', from: ['paused'] },
  abort: { to: 'aborted', from: ['running', 'paused'] },
} as const satisfies Record<
  string,
  { readonly to: DeploymentState; readonly from: readonly DeploymentState[] }
>;
export type PersonAct = (typeof personActs)[keyof typeof personActs];

/** The state after an act, or null where it is refused. */
export function stateAfter({ to, from }: PersonAct, state: DeploymentState): DeploymentState | null {
  const allowed: readonly DeploymentState[] = from;
  return allowed.includes(state) ? to : null;
}
