import { timeMs, timeOf } from '../time.ts';
import type { Eligibility } from '../windows/eligible.ts';
import type { Plan, PlanEnvironment, PlanStage } from './document.ts';
import { type SeenDeployments, type SeenRing, type StageStanding, stageStanding } from './standing.ts';
import type { SeenTests, TestsCode, TestsLook } from './tests-look.ts';

/** What is known of a plan that was started. */
export interface PlanSeen {
  readonly deployments: SeenDeployments;
  /** Stages before this one need nobody's word to begin any more; who started the plan said it of the first. */
  readonly confirmed: number;
  /** By stage, of those that are judged as rings. */
  readonly rings?: ReadonlyMap<number, SeenRing>;
  /** By stage, of those that have tests. */
  readonly tests?: ReadonlyMap<number, SeenTests>;
  /** Whether the windows and freezes of a stage let environments begin now. */
  readonly schedule: (stage: PlanStage) => Eligibility;
}

/** What a started plan does next. Stages are counted from 0. */
export type PlanStep =
  /** Environments of a stage may begin, in this order, at most so many now. */
  | {
      readonly kind: 'begin';
      readonly stage: number;
      readonly environments: readonly PlanEnvironment[];
      readonly atMost: number;
    }
  /** Tests of a stage are to be ordered, in these environments. */
  | {
      readonly kind: 'test';
      readonly stage: number;
      readonly reason: string;
      readonly orders: TestsLook['orders'];
    }
  /** `untilMs`: when time alone ends it; null: something has to happen. */
  | {
      readonly kind: 'wait';
      readonly stage: number;
      readonly reason: string;
      readonly untilMs: number | null;
    }
  /** Somebody has to say that the stage may begin; or that its ring passes with what there is. */
  | {
      readonly kind: 'ask';
      readonly stage: number;
      readonly about: 'begin' | 'verdict';
      readonly reason: string;
    }
  /** Somebody has to order tests again: nobody's word makes them pass. */
  | {
      readonly kind: 'ask';
      readonly stage: number;
      readonly about: 'tests';
      readonly code: TestsCode;
      readonly reason: string;
    }
  /** By what its deployments came to, each of which said so; by the verdict of its ring; or by its tests. */
  | {
      readonly kind: 'stop';
      readonly stage: number;
      readonly about: 'deployments' | 'verdict' | 'tests';
      readonly reason: string;
    }
  | { readonly kind: 'finished'; readonly reason: string };

/**
 * What a started plan does next: one stage after the other, each once the one before has succeeded and soaked. The same
 * things seen give the same step. Pure.
 */
export function advancePlan(plan: Plan, seen: PlanSeen, nowMs: number): PlanStep {
  const standings = plan.stages.map((stage, index) =>
    stageStanding(stage, seen.deployments, nowMs, {
      ring: seen.rings?.get(index),
      tests: seen.tests?.get(index),
    }),
  );
  for (const [index, standing] of standings.entries()) {
    if (standing.state === 'failed')
      return { kind: 'stop', stage: index, ...failureOf(plan.stages[index] as PlanStage, standing) };
  }
  const index = standings.findIndex(({ state }) => state !== 'passed');
  const stage = plan.stages[index];
  const standing = standings[index];
  if (stage === undefined || standing === undefined)
    return { kind: 'finished', reason: finishedText(standings) };
  return stepIn(index, stage, standing, seen, nowMs);
}

function stepIn(
  index: number,
  stage: PlanStage,
  standing: StageStanding,
  { confirmed, schedule }: PlanSeen,
  nowMs: number,
): PlanStep {
  const wait = (reason: string, untilMs: number | null): PlanStep => ({
    kind: 'wait',
    stage: index,
    reason,
    untilMs,
  });
  const { name } = stage;
  const { left, running, soak, atOnce, ring, tests } = standing;
  if (soak !== null) {
    if (nowMs < soak.untilMs) return wait(`${name} soaks until ${timeOf(soak.untilMs)}`, soak.untilMs);
    return wait(`${name} has soaked; ${notWellText(soak)}`, null);
  }
  if (tests !== null) return testsStep(index, name, tests);
  if (left.length === 0 && ring !== null) {
    const reason = `${name}: ${ring.reason}`;
    return ring.outcome === 'ask'
      ? { kind: 'ask', stage: index, about: 'verdict', reason }
      : wait(reason.replace(/\.$/, ''), ring.due);
  }
  if (left.length === 0) return wait(`${name}: under way in ${namesOf(running)}`, null);
  if (standing.state === 'waiting' && stage.ask === true && index >= confirmed)
    return { kind: 'ask', stage: index, about: 'begin', reason: `${name} asks before it begins` };
  const atMost = atOnce - running.length;
  if (atMost <= 0)
    return wait(`${name}: under way in ${namesOf(running)}; ${atOnce} at once, ${left.length} to come`, null);
  const notBeforeMs = stage.notBefore === undefined ? 0 : timeMs(stage.notBefore);
  if (nowMs < notBeforeMs) return wait(`${name} begins not before ${timeOf(notBeforeMs)}`, notBeforeMs);
  const open = schedule(stage);
  if (open.kind !== 'open') return wait(`${name} ${scheduleText(open)}`, open.nextMs);
  return { kind: 'begin', stage: index, environments: left, atMost };
}

function testsStep(stage: number, name: string, look: TestsLook): PlanStep {
  const reason = `${name}: ${look.reason}`;
  if (look.code !== null) return { kind: 'ask', stage, about: 'tests', code: look.code, reason };
  if (look.outcome === 'order') return { kind: 'test', stage, reason, orders: look.orders };
  return { kind: 'wait', stage, reason, untilMs: look.due };
}

function notWellText({ unwell, unverified }: NonNullable<StageStanding['soak']>): string {
  if (unwell.length > 0) return `hosts are not well in ${namesOf(unwell)}`;
  const told = unverified.slice(0, mostNamed).map(({ environment, why }) => `${environment.name}: ${why}`);
  const more = unverified.length - told.length;
  return `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function scheduleText({ kind, name, nextMs }: Exclude<Eligibility, { kind: 'open' }>): string {
  const next = nextMs === null ? 'and never begins again' : `until ${timeOf(nextMs)}`;
  const named = name === null ? '' : ` ${name}`;
  return kind === 'frozen' ? `is held by the freeze${named} ${next}` : `waits for its window${named} ${next}`;
}

function failureOf(
  { name, failures = 0, environments }: PlanStage,
  { failed, ring, tests }: StageStanding,
): Pick<Extract<PlanStep, { kind: 'stop' }>, 'about' | 'reason'> {
  if (tests !== null) return { about: 'tests', reason: `${name} failed: ${tests.reason} (${tests.code})` };
  if (ring?.outcome === 'fail')
    return { about: 'verdict', reason: `${name} failed: ${ring.reason.replace(/\.$/, '')}` };
  const told = failed.slice(0, mostNamed).map(({ environment, why }) => `${environment.name}: ${why}`);
  const more = failed.length > mostNamed ? `; and ${failed.length - mostNamed} more` : '';
  const allowed = failures === 0 ? '' : `, ${failures} of ${environments.length} may`;
  return { about: 'deployments', reason: `${name} failed${allowed}: ${told.join('; ')}${more}` };
}

function finishedText(standings: readonly StageStanding[]): string {
  const count = (of: (one: StageStanding) => number): number =>
    standings.reduce((sum, one) => sum + of(one), 0);
  const failed = count((one) => one.failed.length);
  const done = count((one) => one.succeeded.length);
  return `${done} ${done === 1 ? 'environment' : 'environments'} succeeded${failed === 0 ? '' : `, ${failed} failed`}`;
}

const mostNamed = 5;

function namesOf(environments: readonly PlanEnvironment[]): string {
  const named = environments.slice(0, mostNamed).map(({ name }) => name);
  const more = environments.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
