import { type PersonAct, type PlanEnvironment, personActs, stateAfter, XylemError } from '@xylem/core';
import { unhurried } from '@xylem/platform';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { changeStateIn } from '../deployments/change-state.ts';
import { deploymentOf } from '../deployments/rows.ts';
import { notePlanFailed } from '../incidents/of-plans.ts';
import { takeBackJobsOf } from '../jobs/settle.ts';
import { requireDigest } from './approvals.ts';
import { askBack } from './back.ts';
import { begunBy, deploymentsOf } from './begun.ts';
import { lockEnvironments, type PlanOptions } from './prepare.ts';
import { type RingRecords, saveRing, waiveRing } from './ring-records.ts';
import { hasBegun, type KnownPlan, noStage, planLock, planNamed, stateText } from './rows.ts';
import { stepOf } from './seen.ts';
import type { PlanStarter } from './start.ts';
import { setState } from './state.ts';

interface Said {
  readonly id: string;
  /** The beginning of the digest that was looked at; absent: the present one. */
  readonly digest?: string | undefined;
  readonly reason?: string | undefined;
  readonly who: string;
}

/** A person's word about a plan that was started. @returns environments in which something changed */
type Change = (options: PlanOptions, said: Said) => Promise<string[]>;

/** Begins nothing more, and pauses what is under way. @throws XylemError E_NOT_FOUND, E_PLAN_STATE, E_PLAN_CHANGED */
export const pausePlan: Change = (options, said) =>
  change(options, said, ['started'], async (trx, known, nowMs) => {
    await setState(trx, known, nowMs, { state: 'paused', by: said.who, reason: said.reason ?? null });
    return await changeDeployments(trx, known, personActs.pause, nowMs);
  });

/**
 * Goes on with a paused plan, in the name of who says so: what was paused with it, and the stage that asked.
 * @throws XylemError E_NOT_FOUND, E_PLAN_STATE, E_PLAN_CHANGED, and E_TESTS_FAILED or E_TESTS_MISSING while that is so
 */
export async function resumePlan(
  options: PlanOptions,
  said: Said & { readonly starter: PlanStarter },
): Promise<string[]> {
  return await change(options, said, ['paused'], async (trx, known, nowMs) => {
    const { step, seen } = await stepOf(trx, known, nowMs);
    // Only of a plan that had asked already: one that was paused before that still asks.
    const answered = step.kind === 'ask' && known.row.ended_by === ownName(known.row.id);
    if (answered && step.about === 'tests')
      throw new XylemError(step.code, `The plan ${said.id} does not go on: ${step.reason}.`);
    await setState(trx, known, nowMs, {
      state: 'started',
      by: said.who,
      reason: said.reason ?? null,
      what: 'resumed',
    });
    await trx
      .updateTable('plans')
      .set({
        started_by: said.who,
        started_account: said.starter.account,
        started_groups: JSON.stringify(said.starter.groups),
        ...(answered && step.about === 'begin' ? { confirmed: step.stage + 1 } : {}),
      })
      .where('id', '=', said.id)
      .execute();
    if (answered && step.about === 'verdict') {
      const ring = seen.rings.get(step.stage);
      if (ring !== undefined) await waiveRing(trx, step.stage, ring);
    }
    return await changeDeployments(trx, known, personActs.resume, nowMs);
  });
}

/** Ends a plan, and what is under way by it. @throws XylemError E_NOT_FOUND, E_PLAN_STATE, E_PLAN_CHANGED */
export const stopPlan: Change = (options, said) =>
  change(options, said, ['started', 'paused'], async (trx, known, nowMs) => {
    await setState(trx, known, nowMs, { state: 'stopped', by: said.who, reason: said.reason ?? null });
    const tested = await takeBackJobsOf(trx, said.id, { who: said.who, nowMs });
    return [...(await changeDeployments(trx, known, personActs.abort, nowMs)), ...tested];
  });

/**
 * Ends a plan if it goes on still, and asks that all that it brought is taken back, or that of one stage.
 * @throws XylemError E_NOT_FOUND (also: no such stage), E_PLAN_STATE, E_PLAN_CHANGED
 */
export async function rollbackPlan(
  options: PlanOptions,
  said: Said & { readonly stage?: string | undefined },
): Promise<string[]> {
  return await change(
    options,
    said,
    ['started', 'paused', 'stopped', 'finished'],
    async (trx, known, nowMs) => {
      const { stages } = known.version.document;
      const meant = said.stage === undefined ? stages : stages.filter(({ name }) => name === said.stage);
      if (meant.length === 0) throw noStage(said.id, said.stage ?? '', stages);
      const reason = said.reason ?? null;
      await setState(trx, known, nowMs, { state: 'stopped', by: said.who, reason, what: 'rollback' });
      const paused = await changeDeployments(trx, known, personActs.pause, nowMs);
      await askBack(trx, known, idsOf(meant.flatMap(({ environments }) => environments)), {
        by: said.who,
        why: reason ?? 'somebody said so',
      });
      return [...paused, ...(await takeBackJobsOf(trx, said.id, { who: said.who, nowMs }))];
    },
  );
}

/** What a plan itself decides about its end, or that it asks; in a transaction that holds its lock. */
export async function settlePlan(
  trx: Database,
  known: KnownPlan,
  records: RingRecords,
  nowMs: number,
): Promise<{ readonly environments: string[] }> {
  const { step, seen } = await stepOf(trx, known, nowMs);
  const ring = 'stage' in step ? seen.rings.get(step.stage) : undefined;
  if (ring !== undefined && 'stage' in step) await saveRing(trx, records, step.stage, ring, 'decided');
  const by = ownName(known.row.id);
  if (step.kind === 'ask')
    await setState(trx, known, nowMs, {
      state: 'paused',
      by,
      reason: step.about === 'tests' ? `${step.reason} (${step.code})` : step.reason,
      what: 'asks',
      isOne: step.about === 'verdict',
    });
  if (step.kind === 'finished')
    await setState(trx, known, nowMs, { state: 'finished', by, reason: step.reason });
  if (step.kind !== 'stop') return { environments: [] };
  await setState(trx, known, nowMs, { state: 'stopped', by, reason: step.reason });
  const environments = await changeDeployments(trx, known, personActs.pause, nowMs);
  const { stages } = known.version.document;
  const stage = stages[step.stage];
  const back = stage?.onFail === 'rollback-plan' ? stages : stage?.onFail === 'rollback' ? [stage] : [];
  const meant = idsOf(back.flatMap((one) => one.environments));
  await askBack(trx, known, meant, { by, why: step.reason });
  const tested = await takeBackJobsOf(trx, known.row.id, { who: by, nowMs });
  if (step.about !== 'deployments') await notePlanFailed(trx, known, step.reason, nowMs);
  return { environments: [...environments, ...tested] };
}

/** As whom a plan acts by itself. */
export const ownName = (id: string): string => `plan/${id}`;

const idsOf = (environments: readonly PlanEnvironment[]): string[] =>
  environments.map(({ environment }) => environment);

async function change(
  { db, clock }: PlanOptions,
  { id, digest }: Said,
  from: readonly string[],
  act: (trx: Database, known: KnownPlan, nowMs: number) => Promise<string[]>,
): Promise<string[]> {
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, planLock(id));
    const known = await planNamed(trx, id);
    requireDigest(known, digest);
    if (!from.includes(known.row.state)) {
      const next = hasBegun(known.row) ? '' : ` It begins by \`xylem deploy --plan ${id}\`.`;
      throw new XylemError('E_PLAN_STATE', `${stateText(known.row)}${next}`);
    }
    return await act(trx, known, clock.now());
  });
}

/**
 * The plan's deployments that may take it. Only those that were paused with the plan go on with it: what paused for
 * another reason waits for a word of its own.
 */
async function changeDeployments(
  trx: Database,
  known: KnownPlan,
  act: PersonAct,
  nowMs: number,
): Promise<string[]> {
  const who = ownName(known.row.id);
  const own = await begunBy(trx, known);
  const active = own.filter(({ state }) => state === 'running' || state === 'paused');
  const ids = new Set(active.map(({ id }) => id));
  await lockEnvironments(
    trx,
    active.map(({ environment }) => environment),
  );
  const changed: string[] = [];
  // Read anew, now that nobody else changes them.
  for await (const row of unhurried(await deploymentsOf(trx, known), 10)) {
    if (!ids.has(row.id)) continue;
    const { state, reason } = deploymentOf(row);
    if (stateAfter(act, state) === null) continue;
    if (act.to === 'running' && reason !== `paused by ${who}.`) continue;
    await changeStateIn(trx, row.id, { act, who }, nowMs);
    changed.push(row.environment);
  }
  return changed;
}
