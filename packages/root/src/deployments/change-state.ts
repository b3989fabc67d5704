import { type PersonAct, resumed, stateAfter, XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { DeployingOptions } from './deploying.ts';
import { appendEvent } from './events.ts';
import { deployingLock, deploymentNamed, deploymentOf, saveDeployment } from './rows.ts';

type Options = Pick<DeployingOptions, 'db' | 'clock'>;

/** Pauses, resumes or aborts. @throws XylemError E_NOT_FOUND, E_DEPLOYMENT_STATE */
export async function changeState(
  options: Options,
  id: string,
  change: { readonly act: PersonAct; readonly who: string },
): Promise<{ environment: string }> {
  const nowMs = options.clock.now();
  return await options.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock((await deploymentNamed(trx, id)).environment));
    const row = await deploymentNamed(trx, id);
    const deployment = deploymentOf(row);
    const to = stateAfter(change.act, deployment.state);
    if (to === null) {
      throw new XylemError(
        'E_DEPLOYMENT_STATE',
        `The deployment ${id} is ${row.state}; it can't become ${change.act.to}.`,
      );
    }
    const reason = to === 'running' ? null : `${to} by ${change.who}.`;
    const next = to === 'running' ? resumed(deployment) : { ...deployment, state: to, reason };
    await saveDeployment(trx, next, nowMs);
    await appendEvent(trx, id, nowMs, {
      kind: to,
      message: `${to} by ${change.who}.`,
      details: {},
    });
    await appendAudit(trx, nowMs, {
      who: change.who,
      what: `deployment.${to}`,
      subject: `deployment/${id}`,
      environment: row.environment,
      before: { state: row.state },
      after: { state: to },
    });
    return { environment: row.environment };
  });
}
