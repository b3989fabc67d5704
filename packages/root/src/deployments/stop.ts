import { personActs, stateAfter } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { recordNamed } from './audit-end.ts';
import { appendEvent } from './events.ts';
import { lastRecord } from './records.ts';
import {
  activeDeployments,
  type DeploymentRow,
  deployingLock,
  deploymentOf,
  saveDeployment,
} from './rows.ts';
import { abortDeployment } from './undo.ts';

export interface Stop {
  /** `paused` goes on by a word, `aborted` never. */
  readonly to: 'paused' | 'aborted';
  readonly reason: string;
  readonly who: string;
}

/**
 * Stops all that goes on in these environments, one transaction for each: no host is admitted any more by any of them.
 * @returns the ids of those that it stopped
 */
export async function stopDeployments(
  { db, clock, deploying, directing }: Root,
  environments: readonly EnvironmentRow[],
  stop: Stop,
): Promise<string[]> {
  const act = stop.to === 'paused' ? personActs.pause : personActs.abort;
  const stopped: string[] = [];
  for (const { id } of environments) {
    const here = await db.transaction().execute(async (trx) => {
      await lockFor(trx, deployingLock(id));
      const rows = await activeDeployments(trx, { environment: id });
      const running = rows.filter((row) => stateAfter(act, deploymentOf(row).state) !== null);
      for (const row of running) await stopOne(trx, row, stop, clock.now());
      return running.map((row) => row.id);
    });
    for (const deployment of here) deploying.events.announce(deployment);
    if (here.length > 0) await directing.publish(id);
    stopped.push(...here);
  }
  return stopped;
}

async function stopOne(
  trx: Database,
  row: DeploymentRow,
  { to, reason, who }: Stop,
  nowMs: number,
): Promise<void> {
  const message = `${to} by ${who}: ${reason}`;
  const deployment = deploymentOf(row);
  if (to === 'aborted') await abortDeployment(trx, deployment, { reason: message, by: who }, nowMs);
  else await saveDeployment(trx, { ...deployment, state: to, reason: message }, nowMs);
  await appendEvent(trx, row.id, nowMs, { kind: to, message, details: {} });
  await appendAudit(trx, nowMs, {
    who,
    what: `deployment.${to}`,
    subject: `deployment/${row.id}`,
    environment: row.environment,
    before: { state: row.state },
    after: { state: to, reason, ...recordNamed(await lastRecord(trx, 'deployment_evidence', row.id)) },
  });
}
