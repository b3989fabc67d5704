import type { DeploymentKind, DeploymentState } from '../deployment/deployment.ts';

/** One deployment of a product in an environment, as far as what stood there is concerned. Times: ms since 1970. */
export interface PastDeployment {
  readonly kind: DeploymentKind;
  readonly state: DeploymentState;
  /** Digests of releases, or null: none. */
  readonly to: string | null;
  readonly from: string | null;
  readonly createdMs: number;
  readonly finishedMs: number | null;
}

/** How a release stood in an environment. */
export interface Stood {
  /** The longest time without interruption. */
  readonly longestMs: number;
  /** Since when it is the settled one; null: it was followed by another. */
  readonly sinceMs: number | null;
}

/**
 * For how long a release was the settled one, by what was deployed there, oldest first; null: it never succeeded there,
 * or was taken back or failed since. Pure.
 *
 * A time ends when another release begins to come, not when it has come. That the environment moved on to a newer
 * release takes nothing from what was seen; that somebody went back from it takes all. A clock that was put back can
 * only make a time shorter.
 */
export function stoodThere(history: readonly PastDeployment[], release: string, nowMs: number): Stood | null {
  let stood = null as Stood | null;
  for (const one of history) {
    const sinceMs: number | null = stood?.sinceMs ?? null;
    if (one.to === release) {
      if (one.state === 'failed') stood = null;
      else if (one.state === 'succeeded') {
        const begun: number = sinceMs ?? one.finishedMs ?? one.createdMs;
        stood = { longestMs: stood?.longestMs ?? 0, sinceMs: begun };
      }
    } else if (one.kind === 'rollback' && one.from === release) stood = null;
    else if (stood !== null && sinceMs !== null) {
      stood = { longestMs: Math.max(stood.longestMs, one.createdMs - sinceMs), sinceMs: null };
    }
  }
  if (stood === null || stood.sinceMs === null) return stood;
  return { ...stood, longestMs: Math.max(stood.longestMs, nowMs - stood.sinceMs) };
}
