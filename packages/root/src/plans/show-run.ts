import { type PlanStep, type RingLook, stageStanding, timeOf } from '@xylem/core';
import type { PlanDetail } from '../api/schemas/plans.ts';
import type { Database } from '../db/tables.ts';
import { hasBegun, type KnownPlan } from './rows.ts';
import { stepOf } from './seen.ts';

type Stage = PlanDetail['stages'][number];
type OfEnvironment = Pick<Stage['environments'][number], 'waits' | 'back'>;

/** Where a plan stands that was started: stage by stage, and in each environment. */
export async function standingsOf(
  db: Database,
  known: KnownPlan,
  nowMs: number,
): Promise<{
  readonly standing: (stage: number) => Stage['standing'];
  readonly of: (environment: string) => OfEnvironment;
  /** Null: it was not started. */
  readonly step: PlanStep | null;
}> {
  const { row, version } = known;
  const looked = hasBegun(row) ? await stepOf(db, known, nowMs) : null;
  const sight = looked?.seen ?? null;
  const seen = sight?.deployments ?? null;
  const rows = await db.selectFrom('plan_environments').selectAll().where('plan', '=', row.id).execute();
  const rowOf = new Map(rows.map((one) => [one.environment, one]));
  return {
    step: looked?.step ?? null,
    standing: (index) => {
      const stage = version.document.stages[index];
      if (seen === null || stage === undefined) return null;
      const { state, left, running, succeeded, failed, soak, ring } = stageStanding(stage, seen, nowMs, {
        ring: sight?.rings.get(index),
        tests: sight?.tests.get(index),
      });
      return {
        state,
        left: left.length,
        running: running.length,
        succeeded: succeeded.length,
        failed: failed.length,
        soaksUntil: soak === null ? null : timeOf(soak.untilMs),
        ...(ring === null || state === 'waiting' ? {} : { ring: ringText(ring) }),
      };
    },
    of: (environment) => {
      const own = rowOf.get(environment);
      const mayWait = row.state === 'started' || row.state === 'paused';
      return {
        waits:
          own?.waits === null || own?.waits === undefined || !mayWait
            ? null
            : { code: own.waits_code ?? '', reason: own.waits },
        back:
          own?.back === null || own?.back === undefined
            ? null
            : {
                state: own.back as 'due' | 'begun' | 'kept',
                by: own.back_by ?? '',
                reason: own.back_why ?? '',
                deployment: own.back_deployment,
                kept: own.back_kept,
              },
      };
    },
  };
}

const ringText = ({ verdict, reason, counts }: RingLook) => ({
  verdict,
  reason,
  ...counts,
});

/** What a plan does next; null: it is not under way, or there is more of it than whoever asks sees. */
export function nextOf(
  { row, version }: KnownPlan,
  step: PlanStep | null,
  shown: readonly Stage[],
): PlanDetail['next'] {
  const { stages } = version.document;
  const all = stages.flatMap(({ environments }) => environments).length;
  const seesAll = shown.flatMap(({ environments }) => environments).length === all;
  if (step === null || (row.state !== 'started' && row.state !== 'paused') || !seesAll) return null;
  const stage = 'stage' in step ? (stages[step.stage]?.name ?? null) : null;
  if (step.kind !== 'begin' && step.kind !== 'test') {
    const until = step.kind === 'wait' && step.untilMs !== null ? timeOf(step.untilMs) : null;
    return { stage, what: step.reason, until };
  }
  const waiting = shown
    .flatMap(({ environments }) => environments)
    .flatMap(({ name, waits }) => (waits === null ? [] : [`${name} waits: ${waits.reason}`]));
  const begins =
    step.kind === 'test'
      ? step.reason
      : `${stage ?? ''} begins in ${step.environments.length === 1 ? 'one environment' : `${step.environments.length} environments`}`;
  const what = waiting[0] ?? begins;
  return {
    stage,
    what: waiting.length > 1 ? `${what} And ${waiting.length - 1} more wait.` : what,
    until: null,
  };
}
