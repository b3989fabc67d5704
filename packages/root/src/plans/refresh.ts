import { type PlanStage, planDigest, XylemError } from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import { insertVersion, type PlanAuthor, type PlanOptions, preparedPlan } from './prepare.ts';
import { environmentsOf, hasBegun, type PlanRow, planLock, planNamed, stateText } from './rows.ts';
import { tellWaiting } from './waiting.ts';

/**
 * Looks at everything anew. Where the digest is another one, the plan expired or was refused, there is a next version,
 * whose approvals begin anew; else it stays as it is.
 * @returns whether there is one
 * @throws XylemError E_NOT_FOUND, E_PLAN_STATE, and what `preparePlan` throws
 */
export async function refreshPlan(options: PlanOptions, id: string, author: PlanAuthor): Promise<boolean> {
  const { db, clock } = options;
  const nowMs = clock.now();
  const { row, version } = await planNamed(db, id);
  refuseStarted(row);
  const { format: _format, release: _release, stages, ...document } = version.document;
  const ids = environmentsOf({ row, version }).map(({ environment }) => environment as string);
  const rows = await db.selectFrom('environments').selectAll().where('id', 'in', ids).execute();
  const rowOf = new Map(rows.map((one) => [one.id, one]));
  const rowsOf = ({ environments }: PlanStage) =>
    environments.flatMap(({ environment }) => rowOf.get(environment) ?? []);
  const wanted = { ...document, stages: stages.map((stage) => ({ ...stage, environments: rowsOf(stage) })) };
  const prepared = await preparedPlan(options, id, wanted, author, nowMs);
  const isSame = planDigest(prepared.document) === version.digest;
  if (isSame && row.state === 'open' && nowMs < version.expires_ms) return false;
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, planLock(id));
    const { row: present } = await planNamed(trx, id);
    refuseStarted(present);
    if (present.number !== row.number)
      throw new XylemError('E_CONFLICT', `The plan ${id} was refreshed by somebody else meanwhile.`);
    await insertVersion(trx, id, row.number + 1, prepared, author, nowMs);
    await trx
      .updateTable('plans')
      .set({ number: row.number + 1, state: 'open', ended_by: null, reason: null, updated_ms: nowMs })
      .where('id', '=', id)
      .execute();
    await tellWaiting(trx, id, nowMs);
  });
  return true;
}

/** @throws XylemError E_PLAN_STATE */
function refuseStarted(row: PlanRow): void {
  if (!hasBegun(row)) return;
  throw new XylemError('E_PLAN_STATE', `${stateText(row)} Prepare another one: \`xylem plan\`.`);
}
