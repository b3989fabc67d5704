import { type PersonAct, resumed, stateAfter, XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { recordNamed } from './audit-end.ts';
import type { DeployingOptions } from './deploying.ts';
import { appendEvent } from './events.ts';
import { lastRecord } from './records.ts';
import { deployingLock, deploymentNamed, deploymentOf, saveDeployment } from './rows.ts';
import { abortDeployment } from './undo.ts';

type Options = Pick<DeployingOptions, 'db' | 'clock'>;

interface Change {
  readonly act: PersonAct;
  readonly who: string;
}

/** Pauses, resumes or aborts. @throws XylemError E_NOT_FOUND, E_DEPLOYMENT_STATE */
export async function changeState(
  options: Options,
  id: string,
  change: Change,
): Promise<{ environment: string }> {
  const nowMs = options.clock.now();
  return await options.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock((await deploymentNamed(trx, id)).environment));
    return await changeStateIn(trx, id, change, nowMs);
  });
}

/** `changeState` in a transaction of the caller's that holds the environment's deploying lock. */
export async function changeStateIn(
  trx: Database,
  id: string,
  change: Change,
  nowMs: number,
): Promise<{ environment: string }> {
  const row = await deploymentNamed(trx, id);
  const deployment = deploymentOf(row);
  const to = stateAfter(change.act, deployment.state);
  if (to === null) {
    throw new XylemError(
      'E_DEPLOYMENT_STATE',
      `The deployment ${id} is ${row.state}; it can't become ${change.act.to}.`,
    );
  }
  const message = `${to} by ${change.who}.`;
  if (to === 'aborted') await abortDeployment(trx, deployment, { reason: message, by: change.who }, nowMs);
  else {
    const next = to === 'running' ? resumed(deployment) : { ...deployment, state: to, reason: message };
    await saveDeployment(trx, next, nowMs);
  }
  await appendEvent(trx, id, nowMs, { kind: to, message, details: {} });
  await appendAudit(trx, nowMs, {
    who: change.who,
    what: `deployment.${to}`,
    subject: `deployment/${id}`,
    environment: row.environment,
    before: { state: row.state },
    after: { state: to, ...recordNamed(await lastRecord(trx, 'deployment_evidence', id)) },
  });
  return { environment: row.environment };
}
