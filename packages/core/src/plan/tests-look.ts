import type { ErrorCode } from '../error-codes/index.ts';
import { isVerdict } from '../stage-order/proof.ts';
import { timeOf } from '../time.ts';
import type { PlanEnvironment } from './document.ts';
import type { PlanTest, PlanTests } from './tests.ts';

/** A run of a job in an environment of the stage, with the plan's release. */
export interface SeenTestRun {
  readonly id: string;
  readonly environment: string;
  readonly component: string;
  readonly job: string;
  /** `isGone`: it is retired, revoked, or not in the environment any more. */
  readonly host: { readonly id: string; readonly name: string; readonly isGone: boolean };
  /** `ordered`, `running`, or how it ended. */
  readonly state: string;
  readonly orderedMs: number;
  /** By the plan; else by a person. */
  readonly isOwn: boolean;
}

/** What is known of a stage's tests. Times: milliseconds since 1970. */
export interface SeenTests {
  /** Null: their turn has not come. */
  readonly begunMs: number | null;
  /** Null: not yet. */
  readonly passedMs: number | null;
  /** Those that were ordered since the tests began, the newest first. */
  readonly runs: readonly SeenTestRun[];
}

/** An environment in which the plan has succeeded. */
export interface TestedPlace {
  readonly environment: PlanEnvironment;
  readonly succeededMs: number;
}

export type TestsCode = Extract<ErrorCode, `E_TESTS_${string}`>;

/** What a stage's tests show, and what follows. */
export interface TestsLook {
  /** `order`: some are to be ordered now; `wait`: `due` is when that may change by time alone; `none`: no result. */
  readonly outcome: 'order' | 'wait' | 'passed' | 'failed' | 'none';
  /** A clause for people. */
  readonly reason: string;
  /** Why the plan can't go on by itself. */
  readonly code: TestsCode | null;
  readonly due: number | null;
  readonly orders: readonly { readonly environment: PlanEnvironment; readonly jobs: readonly PlanTest[] }[];
}

const withinDefaultSeconds = 3_600;
const mostNamed = 5;

/** One job in one environment. */
interface Look {
  readonly test: PlanTest;
  readonly environment: PlanEnvironment;
  readonly failed: readonly SeenTestRun[];
  readonly awaited: readonly SeenTestRun[];
  readonly isPassed: boolean;
  readonly mayOrder: boolean;
}

/**
 * What the tests of a stage show (docs/spec/plans.md, Tests): no result never passes. Pure.
 * @param places where the plan has succeeded
 */
export function lookAtTests(
  { jobs, withinSeconds = withinDefaultSeconds }: PlanTests,
  places: readonly TestedPlace[],
  seen: SeenTests,
  nowMs: number,
): TestsLook {
  const withinMs = withinSeconds * 1000;
  const looks = places.flatMap((place) => jobs.map((test) => lookAtOne(test, place, seen, withinMs, nowMs)));
  const failed = looks.flatMap((look) => look.failed.map((run) => ({ ...look, run })));
  const plain = { code: null, due: null, orders: [] };
  if (failed.length > 0) {
    const told = failed.map(
      ({ test, environment, run }) =>
        `${testText(test)} ${run.state === 'timed-out' ? 'timed out' : 'failed'} on ${run.host.name} in ${environment.name} (\`xylem job show ${run.id.slice(0, 12)}\`)`,
    );
    return { ...plain, outcome: 'failed', reason: listed(told), code: 'E_TESTS_FAILED' };
  }
  const due = looks.filter(({ mayOrder }) => mayOrder);
  if (due.length > 0) {
    const orders = [...Map.groupBy(due, ({ environment }) => environment)].map(([environment, own]) => ({
      environment,
      jobs: own.map(({ test }) => test),
    }));
    return {
      ...plain,
      outcome: 'order',
      reason: `tests are ordered in ${listed(orders.map(({ environment }) => environment.name))}`,
      orders,
    };
  }
  const awaited = looks.flatMap((look) => look.awaited.map((run) => ({ ...look, run })));
  if (awaited.length > 0) {
    const told = awaited.map(
      ({ test, environment, run }) => `${testText(test)} on ${run.host.name} in ${environment.name}`,
    );
    const until = Math.min(...awaited.map(({ run }) => run.orderedMs)) + withinMs;
    return {
      ...plain,
      outcome: 'wait',
      reason: `waits for tests until ${timeOf(until)}: ${listed(told)}`,
      due: until,
    };
  }
  const without = looks.filter(({ isPassed }) => !isPassed);
  if (without.length > 0) {
    const told = without.map(
      ({ test, environment: { name } }) =>
        `${testText(test)} in ${name} (\`xylem job run ${test.component} ${test.job} --in ${name}\`)`,
    );
    return { ...plain, outcome: 'none', reason: `no result of ${listed(told)}`, code: 'E_TESTS_MISSING' };
  }
  if (places.length === 0)
    return { ...plain, outcome: 'wait', reason: 'its tests wait for an environment that succeeds' };
  return { ...plain, outcome: 'passed', reason: 'its tests passed' };
}

function lookAtOne(
  test: PlanTest,
  { environment, succeededMs }: TestedPlace,
  { begunMs, runs }: SeenTests,
  withinMs: number,
  nowMs: number,
): Look {
  const own = runs.filter(
    (run) =>
      run.environment === environment.environment && run.component === test.component && run.job === test.job,
  );
  const failed: SeenTestRun[] = [];
  const awaited: SeenTestRun[] = [];
  let passed = 0;
  for (const [newest, ...older] of Map.groupBy(own, ({ host }) => host.id).values()) {
    if (newest === undefined) continue;
    if (isOpen(newest) && nowMs < newest.orderedMs + withinMs) {
      awaited.push(newest);
      continue;
    }
    const verdict = [newest, ...older].find(isVerdict);
    if (verdict?.state === 'passed') passed += 1;
    else if (verdict !== undefined) failed.push(verdict);
  }
  const ordered = own.filter(({ isOwn }) => isOwn);
  const there = new Set(ordered.filter(({ host }) => !host.isGone).map(({ host }) => host.id));
  const sinceMs = Math.max(begunMs ?? nowMs, succeededMs);
  return {
    test,
    environment,
    failed,
    awaited,
    isPassed: passed >= Math.max(1, there.size),
    mayOrder: ordered.length === 0 && nowMs < sinceMs + withinMs,
  };
}

const isOpen = ({ state }: SeenTestRun): boolean => state === 'ordered' || state === 'running';

const testText = ({ component, job }: PlanTest): string => `${job} of ${component}`;

function listed(told: readonly string[]): string {
  const more = told.length > mostNamed ? `; and ${told.length - mostNamed} more` : '';
  return `${told.slice(0, mostNamed).join('; ')}${more}`;
}
