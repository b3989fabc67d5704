import { resumed, XylemError } from '@xylem/core';
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
  change: {
    readonly to: 'paused' | 'running' | 'aborted';
    readonly from: readonly string[];
    readonly who: string;
  },
): Promise<{ environment: string }> {
  const nowMs = options.clock.now();
  return await options.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock((await deploymentNamed(trx, id)).environment));
    const row = await deploymentNamed(trx, id);
    if (!change.from.includes(row.state)) {
      throw new XylemError(
        'E_DEPLOYMENT_STATE',
        `The deployment ${id} is ${row.state}; it can't become ${change.to}.`,
      );
    }
    const reason = change.to === 'running' ? null : `${change.to} by ${change.who}.`;
    const next =
      change.to === 'running'
        ? resumed(deploymentOf(row))
        : { ...deploymentOf(row), state: change.to, reason };
    await saveDeployment(trx, next, nowMs);
    await appendEvent(trx, id, nowMs, {
      kind: change.to,
      message: `${change.to} by ${change.who}.`,
      details: {},
    });
    await appendAudit(trx, nowMs, {
      who: change.who,
      what: `deployment.${change.to}`,
      subject: `deployment/${id}`,
      environment: row.environment,
      before: { state: row.state },
      after: { state: change.to },
    });
    return { environment: row.environment };
  });
}
