import { type PlanEnvironment, XylemError } from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { deployingLock, deploymentOf } from '../deployments/rows.ts';
import { orderJobIn } from '../jobs/order.ts';
import { requireStarter } from './begin.ts';
import { deploymentsOf } from './begun.ts';
import { ownName } from './change.ts';
import type { PlanOptions } from './prepare.ts';
import type { KnownPlan } from './rows.ts';
import { stagesPassed, stepOf } from './seen.ts';

/** Keeps when the tests of a stage began and that they have passed, in a transaction that holds the plan's lock. */
export async function keepTests(trx: Database, known: KnownPlan, nowMs: number): Promise<void> {
  const { document } = known.version;
  if (document.stages.every(({ tests }) => tests === undefined)) return;
  const { step, seen } = await stepOf(trx, known, nowMs);
  const plan = known.row.id;
  if (step.kind === 'test' && !seen.tests.has(step.stage))
    await trx
      .insertInto('plan_tests')
      .values({ plan, stage: step.stage, begun_ms: nowMs, passed_ms: null })
      .execute();
  for (const [stage, { passedMs }] of seen.tests) {
    if (passedMs !== null || stage >= stagesPassed(document, step)) continue;
    await trx
      .updateTable('plan_tests')
      .set({ passed_ms: nowMs })
      .where('plan', '=', plan)
      .where('stage', '=', stage)
      .execute();
    // A person may have ordered what the plan could not.
    await trx
      .updateTable('plan_environments')
      .set({ waits: null, waits_code: null })
      .where('plan', '=', plan)
      .where('stage', '=', stage)
      .execute();
  }
}

/**
 * Orders the tests that are due in an environment, in a transaction that holds the plan's lock: the runs are the record
 * that they were ordered, so nobody orders them again.
 * @returns false: it is not their turn any more
 * @throws XylemError E_FORBIDDEN, E_NOT_FOUND, E_INPUT, E_CONFLICT
 */
export async function orderTestsIn(
  trx: Database,
  options: Pick<PlanOptions, 'clock' | 'randomness'>,
  known: KnownPlan,
  { environment: id, name }: PlanEnvironment,
): Promise<boolean> {
  const nowMs = options.clock.now();
  const { step } = await stepOf(trx, known, nowMs);
  const due =
    step.kind === 'test' ? step.orders.find(({ environment }) => environment.environment === id) : undefined;
  if (due === undefined) return false;
  await lockFor(trx, deployingLock(id));
  const environment = await trx
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  const deployment = (await deploymentsOf(trx, known)).find((one) => one.environment === id);
  if (environment === undefined || deployment === undefined)
    throw new XylemError('E_NOT_FOUND', `There is no environment ${name}.`);
  await requireStarter(trx, known, environment, nowMs);
  const { components } = deploymentOf(deployment);
  for (const { component, ...job } of due.jobs) {
    const wanted = Object.hasOwn(components, component) ? components[component]?.to : undefined;
    if (wanted === undefined || wanted === null)
      throw new XylemError(
        'E_NOT_FOUND',
        `The plan brought no ${component} to ${name}, and can not test it there.`,
      );
    const order = { component, ...job, package: wanted, plan: known.row.id };
    await orderJobIn(trx, options, ownName(known.row.id), environment, order);
  }
  return true;
}
