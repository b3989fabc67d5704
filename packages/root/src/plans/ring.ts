import {
  lookAtRing,
  type RingDeployment,
  type RingLook,
  type RingMember,
  type RingRules,
  type RingState,
  ringBegun,
  ringRules,
  type SeenRing,
} from '@xylem/core';
import { sql } from 'kysely';
import type { Database } from '../db/tables.ts';
import { silentAfterMs } from '../deployments/evidence.ts';
import { type DeploymentRow, deploymentOf } from '../deployments/rows.ts';
import { deploymentsOf } from './begun.ts';
import type { KnownPlan } from './rows.ts';

/** A ring as it was seen, and what it was judged by. */
export interface LookedRing extends SeenRing {
  readonly look: RingLook;
  readonly given: {
    readonly rules: RingRules;
    readonly state: RingState;
    readonly members: readonly RingMember[];
    readonly now: number;
    readonly silentAfterMs: number;
  };
}

/**
 * What the rings of a plan that was started show now. Writes nothing, and reads no report: each deployment has counted
 * its hosts.
 */
export async function ringsOf(
  db: Database,
  known: KnownPlan,
  nowMs: number,
): Promise<ReadonlyMap<number, LookedRing>> {
  const rings = new Map<number, LookedRing>();
  const {
    row: { id },
    version,
  } = known;
  const { stages } = version.document;
  if (stages.every(({ verdict }) => verdict === undefined)) return rings;
  const states = await db.selectFrom('plan_rings').selectAll().where('plan', '=', id).execute();
  const watched = await db.selectFrom('plan_ring_environments').selectAll().where('plan', '=', id).execute();
  const watchedIn = new Map(watched.map((one) => [one.environment, one]));
  const deployments = await ringDeployments(db, await deploymentsOf(db, known));
  for (const [index, stage] of stages.entries()) {
    const rules = ringRules(stage);
    if (rules === null) continue;
    const stored = states.find((one) => one.stage === index)?.state;
    const state = stored === undefined ? ringBegun : (JSON.parse(stored) as RingState);
    const members = stage.environments.map(({ environment }): RingMember => {
      const found = watchedIn.get(environment);
      return {
        environment,
        watched: (found?.watched ?? null) as RingMember['watched'],
        isWatchable: found !== undefined,
        unwellAt: found?.unwell_ms ?? null,
        deployment: deployments.get(environment) ?? null,
      };
    });
    const given = { rules, state, members, now: nowMs, silentAfterMs };
    rings.set(index, { plan: id, given, look: lookAtRing(rules, state, members, nowMs, silentAfterMs) });
  }
  return rings;
}

/** By environment. */
async function ringDeployments(
  db: Database,
  own: readonly DeploymentRow[],
): Promise<ReadonlyMap<string, RingDeployment>> {
  if (own.length === 0) return new Map();
  const marks = await db
    .selectFrom('deployment_hosts as d')
    .innerJoin('hosts as h', 'h.id', 'd.host')
    .where(
      'd.deployment',
      'in',
      own.map(({ id }) => id),
    )
    .where('h.retired', '=', 0)
    .groupBy('d.deployment')
    .select((e) => [
      'd.deployment',
      e.fn.count<number>('d.done_ms').as('done'),
      e.fn.count<number>('d.failed_ms').as('failed'),
      e.fn.max('d.admitted_ms').as('admitted_at'),
      e.fn.max('d.done_ms').as('done_at'),
      e.fn.max('d.failed_ms').as('failed_at'),
      // One that is no longer of it was let go of ("over"), and nobody waits for it.
      sql<number>`sum(case when admitted_ms is not null and held = 0 and done_ms is null and failed_ms is null
        and (watched is null or watched not like '%"as":"over"%') then 1 else 0 end)`.as('updating'),
    ])
    .execute();
  const marksOf = new Map(marks.map((one) => [one.deployment, one]));
  return new Map(
    own.map((row): [string, RingDeployment] => {
      const { state, canary } = deploymentOf(row);
      const mark = marksOf.get(row.id);
      const times = [mark?.admitted_at, mark?.done_at, mark?.failed_at].map((at) => Number(at ?? 0));
      return [
        row.environment,
        {
          state,
          began: row.created_ms,
          ended: row.finished_ms,
          failures: canary?.failures ?? null,
          updating: Number(mark?.updating ?? 0),
          done: Number(mark?.done ?? 0),
          failed: Number(mark?.failed ?? 0),
          moved: Math.max(...times),
        },
      ];
    }),
  );
}
