import type { DeploymentState } from '../deployment/deployment.ts';
import { hostCount } from '../deployment/standing.ts';
import type { PlanEnvironment, PlanStage } from './document.ts';

/** What became of a plan in one environment, once it began there. Times: milliseconds since 1970. */
export interface SeenDeployment {
  readonly id: string;
  readonly state: DeploymentState;
  readonly finishedMs: number | null;
  /** The first deployment of the product that came after it there: back from its release, or another one. */
  readonly followed: { readonly kind: 'back' | 'other'; readonly id: string; readonly atMs: number } | null;
  /** Hosts that run what it brought, and say that it failed or is not healthy. */
  readonly unwell: number;
}

/** By environment id; what has not begun is not in it. */
export type SeenDeployments = ReadonlyMap<string, SeenDeployment>;

/** Where one stage of a plan stands. */
export interface StageStanding {
  readonly state: 'waiting' | 'running' | 'soaking' | 'passed' | 'failed';
  /** Not begun, in the order in which they begin. */
  readonly left: readonly PlanEnvironment[];
  readonly running: readonly PlanEnvironment[];
  readonly succeeded: readonly PlanEnvironment[];
  readonly failed: readonly { readonly environment: PlanEnvironment; readonly why: string }[];
  /** How many environments may be under way at once. */
  readonly atOnce: number;
  /** While it soaks: until when, and where hosts are not well. */
  readonly soak: { readonly untilMs: number; readonly unwell: readonly PlanEnvironment[] } | null;
}

/** Where a stage stands by what was seen of its environments. Pure. */
export function stageStanding(stage: PlanStage, seen: SeenDeployments, nowMs: number): StageStanding {
  const { environments, soakSeconds = 0, failures = 0 } = stage;
  const soakMs = soakSeconds * 1000;
  const finished = environments.flatMap(({ environment }) => {
    const found = seen.get(environment);
    return found?.state === 'succeeded' ? [found.finishedMs ?? nowMs] : [];
  });
  const untilMs = Math.max(0, ...finished) + soakMs;
  const left: PlanEnvironment[] = [];
  const running: PlanEnvironment[] = [];
  const succeeded: PlanEnvironment[] = [];
  const failed: StageStanding['failed'][number][] = [];
  for (const environment of environments) {
    const found = seen.get(environment.environment);
    const why = found === undefined ? null : failureOf(found, soakMs);
    if (found === undefined) left.push(environment);
    else if (why !== null) failed.push({ environment, why });
    else if (found.state === 'succeeded') succeeded.push(environment);
    else running.push(environment);
  }
  const atOnce =
    stage.atOnce === undefined ? environments.length : hostCount(stage.atOnce, environments.length);
  const parts = { left, running, succeeded, failed, atOnce };
  const isOver = left.length === 0 && running.length === 0;
  // What succeeded nowhere has shown nothing, however many failures are allowed.
  if (failed.length > failures || (isOver && succeeded.length === 0))
    return { ...parts, state: 'failed', soak: null };
  if (left.length === environments.length) return { ...parts, state: 'waiting', soak: null };
  if (!isOver) return { ...parts, state: 'running', soak: null };
  const unwell = soakMs === 0 ? [] : succeeded.filter(({ environment }) => isUnwell(seen, environment));
  if (nowMs < untilMs || unwell.length > 0) return { ...parts, state: 'soaking', soak: { untilMs, unwell } };
  return { ...parts, state: 'passed', soak: null };
}

const isUnwell = (seen: SeenDeployments, environment: string): boolean =>
  (seen.get(environment)?.unwell ?? 0) > 0;

/** Who goes back from a release says that it failed, at any time; who moves on cuts short only what still soaks. */
function failureOf({ state, followed, id, finishedMs }: SeenDeployment, soakMs: number): string | null {
  if (followed?.kind === 'back') return `it was taken back by ${followed.id}`;
  if (state === 'failed' || state === 'aborted')
    return `${id} ${state === 'failed' ? 'failed' : 'was aborted'}`;
  if (state === 'superseded') return `${id} was superseded${followed === null ? '' : ` by ${followed.id}`}`;
  if (state === 'succeeded' && followed !== null && followed.atMs < (finishedMs ?? 0) + soakMs)
    return `${followed.id} came before it had soaked`;
  return null;
}
