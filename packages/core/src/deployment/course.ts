import type { Deployment, HostCount, Judging, Strategy, UpdateLimits } from './deployment.ts';
import type { BlueGreenStrategy } from './groups.ts';
import { hostCount } from './standing.ts';
import { hosts } from './words.ts';

/** How a deployment that is judged goes on: a canary by its steps, rolling batch by batch, all at once in a single step. */
export interface Course extends UpdateLimits, Judging {
  /** Before everyone; or as many at a time as may be unavailable, until everyone has it. */
  readonly steps: readonly HostCount[] | 'batches';
}

/** What is filled in where nobody says. */
export const judgingDefaults: Omit<Judging, 'metrics'> = {
  bakeSeconds: 60,
  minimumExposure: 1,
  alpha: 0.01,
  onFail: 'rollback',
  onNoData: 'ask',
};

/** Null for a deployment that is not judged step by step: it goes by reports alone. */
export function courseOf(strategy: Strategy): Course | null {
  if (strategy.kind === 'canary') return strategy;
  if (strategy.kind === 'blue-green') return courseOfGroups(strategy);
  const { bakeSeconds } = strategy;
  if (bakeSeconds === undefined) return null;
  const judged = { ...judgingDefaults, ...strategy, bakeSeconds };
  return strategy.kind === 'rolling'
    ? { ...judged, maxUnavailable: strategy.maxUnavailable, steps: 'batches' }
    : { ...judged, maxUnavailable: '100%', steps: [] };
}

/** One phase of it at a time. Of a group a tenth may fail, less one, where nobody says how many. */
export function courseOfGroups(strategy: BlueGreenStrategy): Course {
  const { maxUnavailableInAll: _, ...rest } = strategy;
  return { ...rest, maxUnavailable: '10%', steps: [] };
}

/** One step of a course. */
export interface CourseStep {
  /** How many of so many eligible hosts, of each value of `per`, have been exposed by its end. */
  readonly exposes: (eligible: number) => number;
  /** Whether that is everyone. */
  readonly isLast: boolean;
  /** "Step 2 of 3 (10% in each site)". */
  readonly text: string;
}

/** @param eligible how many hosts there are of each value of `per` */
export function stepAt(course: Course, step: number, eligible: readonly number[]): CourseStep {
  const { steps, per, maxUnavailable } = course;
  const all = stepsOf(course, eligible);
  const where = per === undefined ? '' : ` in each ${per}`;
  const said = (count: HostCount): string => (typeof count === 'number' ? hosts(count) : count) + where;
  if (steps === 'batches') {
    const isLast = step + 1 >= all;
    const exposes = (of: number): number =>
      isLast ? of : Math.min(of, (step + 1) * hostCount(maxUnavailable, of));
    return { exposes, isLast, text: `Batch ${step + 1} of ${all} (${said(maxUnavailable)} at a time)` };
  }
  const share = steps[step];
  const exposes = (of: number): number => (share === undefined ? of : hostCount(share, of));
  const size = share === undefined ? 'everyone' : said(share);
  return { exposes, isLast: share === undefined, text: `Step ${step + 1} of ${all} (${size})` };
}

/** How many steps there are. @param eligible how many hosts there are of each value of `per` */
export function stepsOf({ steps, maxUnavailable }: Course, eligible: readonly number[]): number {
  if (steps !== 'batches') return steps.length + 1;
  return eligible.reduce((most, one) => Math.max(most, Math.ceil(one / hostCount(maxUnavailable, one))), 1);
}

/** Whether a deployment failed whose strategy promises to go back then. */
export function promisesUndo({ state, strategy }: Pick<Deployment, 'state' | 'strategy'>): boolean {
  return state === 'failed' && courseOf(strategy)?.onFail === 'rollback';
}
