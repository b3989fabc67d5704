import type { DeploymentState } from '../deployment/deployment.ts';
import { hostCount } from '../deployment/standing.ts';
import type { PlanEnvironment, PlanStage } from './document.ts';
import { type RingLook, ringTurn } from './ring.ts';
import { lookAtTests, type SeenTests, type TestsLook } from './tests-look.ts';

/** What became of a plan in one environment, once it began there. Times: milliseconds since 1970. */
export interface SeenDeployment {
  readonly id: string;
  readonly state: DeploymentState;
  readonly finishedMs: number | null;
  /** The first deployment of the product that came after it there: back from its release, or another one. */
  readonly followed: { readonly kind: 'back' | 'other'; readonly id: string; readonly atMs: number } | null;
  /** Hosts that run what it brought, and say that it failed or is not healthy. */
  readonly unwell: number;
  /** Why what the stage wants verified can't be said to pass, in a few words; absent: it can, or nothing is wanted. */
  readonly unverified?: string;
}

/** By environment id; what has not begun is not in it. */
export type SeenDeployments = ReadonlyMap<string, SeenDeployment>;

/** What is known of a stage that is judged as one. */
export interface SeenRing {
  /** The plan's id, by which it is drawn who comes first. */
  readonly plan: string;
  /** Null: its turn has not come. */
  readonly look: RingLook | null;
}

/** What is known of a stage besides its deployments, where it has that. */
export interface SeenBesides {
  readonly ring?: SeenRing | undefined;
  readonly tests?: SeenTests | undefined;
}

/** Where one stage of a plan stands. */
export interface StageStanding {
  readonly state: 'waiting' | 'running' | 'soaking' | 'testing' | 'passed' | 'failed';
  /** Not begun, in the order in which they begin. */
  readonly left: readonly PlanEnvironment[];
  readonly running: readonly PlanEnvironment[];
  readonly succeeded: readonly PlanEnvironment[];
  readonly failed: readonly { readonly environment: PlanEnvironment; readonly why: string }[];
  /** How many environments may be under way at once. */
  readonly atOnce: number;
  /** What was seen of it as a ring; null: each of its environments is judged by itself, or none has begun. */
  readonly ring: RingLook | null;
  /** What its tests show, once all else is done and until they have passed. */
  readonly tests: TestsLook | null;
  /** While it soaks: until when, where hosts are not well, and where what users see is not as it should be. */
  readonly soak: {
    readonly untilMs: number;
    readonly unwell: readonly PlanEnvironment[];
    readonly unverified: readonly { readonly environment: PlanEnvironment; readonly why: string }[];
  } | null;
}

/** Where a stage stands by what was seen of its environments. Pure. */
export function stageStanding(
  stage: PlanStage,
  seen: SeenDeployments,
  nowMs: number,
  { ring: seenRing, tests: seenTests = noTests }: SeenBesides = {},
): StageStanding {
  const { environments, soakSeconds = 0, verification } = stage;
  // A ring's failures are evidence: what is too many is its verdict.
  const failures = stage.failures ?? (stage.verdict === undefined ? 0 : environments.length);
  const ring = seenRing?.look ?? null;
  const soakMs = Math.max(soakSeconds, verification?.seconds ?? 0) * 1000;
  const isTested = stage.tests === undefined || seenTests.passedMs !== null;
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
    const why = found === undefined ? null : failureOf(found, soakMs, isTested);
    if (found === undefined) left.push(environment);
    else if (why !== null) failed.push({ environment, why });
    else if (found.state === 'succeeded') succeeded.push(environment);
    else running.push(environment);
  }
  const atOnce =
    stage.atOnce === undefined ? environments.length : hostCount(stage.atOnce, environments.length);
  if (seenRing !== undefined) drawTurns(left, seenRing.plan);
  const parts = { left, running, succeeded, failed, atOnce, ring, tests: null };
  const isDone = left.length === 0 && running.length === 0;
  // What stands in a ring does not hold up the next, once it has passed.
  const isOver = stage.verdict === undefined ? isDone : left.length === 0 && ring?.outcome === 'pass';
  // What succeeded nowhere has shown nothing, however many failures are allowed.
  const nowhere = isDone && succeeded.length === 0;
  if (failed.length > failures || nowhere || ring?.outcome === 'fail')
    return { ...parts, state: 'failed', soak: null };
  if (left.length === environments.length) return { ...parts, state: 'waiting', soak: null };
  if (!isOver) return { ...parts, state: 'running', soak: null };
  const unwell = soakMs === 0 ? [] : succeeded.filter(({ environment }) => isUnwell(seen, environment));
  const unverified = succeeded.flatMap((environment) => {
    const why = seen.get(environment.environment)?.unverified;
    return why === undefined ? [] : [{ environment, why }];
  });
  if (nowMs < untilMs || unwell.length + unverified.length > 0)
    return { ...parts, state: 'soaking', soak: { untilMs, unwell, unverified } };
  if (stage.tests === undefined || isTested) return { ...parts, state: 'passed', soak: null };
  const places = succeeded.map((environment) => ({
    environment,
    succeededMs: seen.get(environment.environment)?.finishedMs ?? nowMs,
  }));
  const tests = lookAtTests(stage.tests, places, seenTests, nowMs);
  const state = tests.outcome === 'passed' ? 'passed' : stopsBy(tests, stage) ? 'failed' : 'testing';
  return { ...parts, state, soak: null, tests };
}

const noTests: SeenTests = { begunMs: null, passedMs: null, runs: [] };

/** Who says nothing of a way back, or of what follows where there is no result, is asked. */
const stopsBy = ({ outcome }: TestsLook, { onFail = 'stop', tests }: PlanStage): boolean =>
  (outcome === 'failed' && onFail !== 'stop') || (outcome === 'none' && tests?.onNoData === 'stop');

function drawTurns(left: PlanEnvironment[], plan: string): void {
  const turns = new Map(left.map(({ environment }) => [environment, ringTurn(plan, environment)]));
  left.sort((a, b) => ((turns.get(a.environment) ?? '') < (turns.get(b.environment) ?? '') ? -1 : 1));
}

const isUnwell = (seen: SeenDeployments, environment: string): boolean =>
  (seen.get(environment)?.unwell ?? 0) > 0;

/** Who goes back from a release says that it failed, at any time; who moves on cuts short only what still soaks or is tested. */
function failureOf(
  { state, followed, id, finishedMs }: SeenDeployment,
  soakMs: number,
  isTested: boolean,
): string | null {
  if (followed?.kind === 'back') return `it was taken back by ${followed.id}`;
  if (state === 'failed' || state === 'aborted')
    return `${id} ${state === 'failed' ? 'failed' : 'was aborted'}`;
  if (state === 'superseded') return `${id} was superseded${followed === null ? '' : ` by ${followed.id}`}`;
  if (state === 'succeeded' && followed !== null && followed.atMs < (finishedMs ?? 0) + soakMs)
    return `${followed.id} came before it had soaked`;
  if (state === 'succeeded' && followed !== null && !isTested)
    return `${followed.id} came before its tests had passed`;
  return null;
}
