import {
  advancePlan,
  type Plan,
  type PlanSeen,
  type PlanStep,
  type SeenDeployment,
  type SeenTests,
  stageStanding,
} from '@xylem/core';
import { momentsOf } from '@xylem/core/windows';
import type { Database } from '../db/tables.ts';
import { heardIn } from '../deployments/evidence.ts';
import { deploymentOf } from '../deployments/rows.ts';
import { type Begun, begunBy } from './begun.ts';
import { type LookedRing, ringsOf } from './ring.ts';
import type { KnownPlan } from './rows.ts';
import { testsOf } from './tests.ts';
import { unverifiedIn } from './verified.ts';

export interface SeenPlan extends PlanSeen {
  readonly rings: ReadonlyMap<number, LookedRing>;
  readonly tests: ReadonlyMap<number, SeenTests>;
}

/** What a started plan does next by what is known now, and what that is. Writes nothing. */
export async function stepOf(
  db: Database,
  known: KnownPlan,
  nowMs: number,
): Promise<{ readonly step: PlanStep; readonly seen: SeenPlan }> {
  const { document } = known.version;
  const seen = await seenOf(db, known, nowMs);
  const step = advancePlan(document, seen, nowMs);
  const soaked = soakedStage(document, seen, step, nowMs);
  if (soaked === undefined) return { step, seen };
  // Read only now: it costs the reports of all its hosts.
  const deployments = new Map(seen.deployments);
  for (const { environment } of soaked.environments) {
    const found = deployments.get(environment);
    if (found?.state !== 'succeeded') continue;
    const unwell = await unwellOf(db, environment, found.id, nowMs);
    const why = await unverifiedIn(
      db,
      environment,
      { plan: known.row.id, stage: document.stages.indexOf(soaked) },
      soaked.verification,
      found.finishedMs ?? nowMs,
      nowMs,
    );
    deployments.set(environment, { ...found, unwell, ...(why === null ? {} : { unverified: why }) });
  }
  const closer = { ...seen, deployments };
  return { step: advancePlan(document, closer, nowMs), seen: closer };
}

/** The stage whose soaking would be over with this step: its tests are next, or the stage after it. */
function soakedStage(plan: Plan, { deployments, rings, tests }: SeenPlan, step: PlanStep, nowMs: number) {
  const next = stagesPassed(plan, step);
  const following = plan.stages[next];
  const state =
    following === undefined
      ? 'waiting'
      : stageStanding(following, deployments, nowMs, { ring: rings.get(next), tests: tests.get(next) }).state;
  const stage = state === 'testing' ? following : state === 'waiting' ? plan.stages[next - 1] : undefined;
  return (stage?.soakSeconds ?? stage?.verification) === undefined ? undefined : stage;
}

/** How many stages have passed by a step, none of them by one that stops the plan. */
export const stagesPassed = (plan: Plan, step: PlanStep): number =>
  step.kind === 'finished' ? plan.stages.length : step.kind === 'stop' ? 0 : step.stage;

async function seenOf(db: Database, known: KnownPlan, nowMs: number): Promise<SeenPlan> {
  const own = await begunBy(db, known);
  const followedBy = await firstAfter(db, known, own);
  const deployments = new Map(
    own.map(({ id, environment, state, finished_ms: finishedMs }): [string, SeenDeployment] => {
      const followed = followedBy.get(environment) ?? null;
      return [environment, { id, state: state as SeenDeployment['state'], finishedMs, followed, unwell: 0 }];
    }),
  );
  return {
    deployments,
    rings: await ringsOf(db, known, nowMs),
    tests: await testsOf(db, known),
    confirmed: known.row.confirmed ?? 1,
    schedule: ({ windows, freezes }) =>
      momentsOf(
        { ...(windows === undefined ? {} : { windows }), ...(freezes === undefined ? {} : { freezes }) },
        noHost,
      ).eligible({}, nowMs),
  };
}

/** By environment: the first deployment of the product that came there after the plan's. */
async function firstAfter(
  db: Database,
  { version }: KnownPlan,
  own: readonly Begun[],
): Promise<ReadonlyMap<string, NonNullable<SeenDeployment['followed']>>> {
  const followed = new Map<string, NonNullable<SeenDeployment['followed']>>();
  const [first] = own;
  if (first === undefined) return followed;
  const begunAt = new Map(own.map(({ environment, sequence }) => [environment, sequence]));
  const later = await db
    .selectFrom('deployments')
    .select(['id', 'kind', 'environment', 'sequence', 'created_ms'])
    .where('product', '=', version.document.product)
    .where('sequence', '>', first.sequence)
    .where('environment', 'in', [...begunAt.keys()])
    .orderBy('sequence')
    .execute();
  for (const { id, kind, environment, sequence, created_ms: atMs } of later) {
    if (followed.has(environment) || sequence <= (begunAt.get(environment) ?? 0)) continue;
    followed.set(environment, { kind: kind === 'rollback' ? 'back' : 'other', id, atMs });
  }
  return followed;
}

/** Periods of a plan select nothing. */
const noHost = { id: '', name: '', labels: {} };

/** Hosts that say that what a deployment brought has failed there, stands still or is not healthy. */
async function unwellOf(
  db: Database,
  environment: string,
  deployment: string,
  nowMs: number,
): Promise<number> {
  const row = await db
    .selectFrom('deployments')
    .selectAll()
    .where('id', '=', deployment)
    .executeTakeFirstOrThrow();
  const { components } = deploymentOf(row);
  const { reports } = await heardIn(db, environment, nowMs);
  return [...reports.values()].filter(({ report }) =>
    report.components.some(
      ({ component, package: digest, state, healthy }) =>
        Object.hasOwn(components, component) &&
        components[component]?.to === digest &&
        (state === 'failed' || state === 'stopped' || healthy === false),
    ),
  ).length;
}
