import { type Deployment, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { presentOperators } from '../quarantine/operators.ts';
import { setOne } from '../quarantine/set.ts';
import type { DeployingOptions } from './deploying.ts';
import { appendEvent } from './events.ts';
import { type DeploymentRow, deploymentOf } from './rows.ts';
import { startDeployment } from './start.ts';
import { type Ended, endDeployment } from './traffic.ts';
import { watchOf } from './watches.ts';

export async function setUndoDue(trx: Database, id: string, due: boolean): Promise<void> {
  await trx
    .updateTable('deployments')
    .set({ undo_due: due ? 1 : 0 })
    .where('id', '=', id)
    .execute();
}

/** Where traffic had moved it is given back, and the hosts that had it before go back in a rollback of their own. */
export async function abortDeployment(
  trx: Database,
  deployment: Deployment,
  ended: Omit<Ended, 'state'>,
  nowMs: number,
): Promise<void> {
  const { isGivenBack } = await endDeployment(trx, deployment, { ...ended, state: 'aborted' }, nowMs);
  if (isGivenBack) await setUndoDue(trx, deployment.id, true);
}

export async function environmentsToUndo(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('deployments').select('environment').where('undo_due', '=', 1).execute();
  return rows.map((row) => row.environment);
}

/**
 * Starts the rollbacks that failed deployments of an environment promise, each with its quarantine in one transaction. What
 * can't go back stays stopped where it is, and an event says why.
 * @returns whether anything was done
 */
export async function undoFailed(options: DeployingOptions, environment: string): Promise<boolean> {
  const { db } = options;
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('environment', '=', environment)
    .where('undo_due', '=', 1)
    .orderBy('sequence')
    .execute();
  for (const row of rows) await undo(options, row);
  return rows.length > 0;
}

/** Someone has decided otherwise about the product meanwhile. */
class Overtaken extends Error {}

async function undo(options: DeployingOptions, row: DeploymentRow): Promise<void> {
  const { db, clock, events } = options;
  const { product } = row;
  const environment = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', row.environment)
    .executeTakeFirstOrThrow();
  const who = `deployment/${row.id}`;
  const end = async (trx: Database, message: string, details: Record<string, unknown>): Promise<void> => {
    await setUndoDue(trx, row.id, false);
    await appendEvent(trx, row.id, clock.now(), { kind: 'undo', message, details });
  };
  try {
    const { id } = await startDeployment(options, {
      environment,
      kind: 'rollback',
      product,
      who,
      before: async (trx) => {
        const newest = await trx
          .selectFrom('deployments')
          .select((e) => e.fn.max('sequence').as('sequence'))
          .where('environment', '=', row.environment)
          .where('product', '=', product)
          .executeTakeFirstOrThrow();
        if (Number(newest.sequence) > row.sequence) throw new Overtaken();
        const quarantined = await quarantine(options, trx, row, environment, who);
        await end(trx, `${fullName(environment)} goes back to what it ran. ${quarantined}`.trim(), {});
      },
    });
    options.log.warn('deployment failed and is rolled back', { deployment: row.id, rollback: id });
    events.announce(id);
  } catch (error) {
    if (error instanceof Overtaken) {
      const message = 'Not rolled back: another deployment of the product was started meanwhile.';
      await db.transaction().execute((trx) => end(trx, message, {}));
    } else if (error instanceof XylemError) {
      const message = `Not rolled back, and stopped where it is: ${error.message} (${error.code})`;
      await db.transaction().execute((trx) => end(trx, message, { code: error.code }));
    } else throw error;
  }
  events.announce(row.id);
}

/** Hosts refuse it then by themselves, and no channel brings it again. @returns a sentence */
async function quarantine(
  options: DeployingOptions,
  trx: Database,
  row: DeploymentRow,
  environment: Parameters<typeof setOne>[3],
  who: string,
): Promise<string> {
  const { product, to, state, reason: own } = deploymentOf(row);
  // Nothing says that it is bad: a person thought otherwise.
  if (state === 'aborted') return '';
  // One that had succeeded and failed while it was looked after.
  const reason = (await watchOf(trx, row.id))?.reason ?? own;
  if (to === null) return '';
  const name = `${product}@${to.version}`;
  if ((await presentOperators(trx, environment.id)) === null) {
    return `${name} is not quarantined, since there are no operator keys by which it could be lifted; a channel does not bring it again while the rollback is the last word.`;
  }
  await setOne(
    options,
    trx,
    who,
    environment,
    { product, version: to.version, release: to.digest, reason: reason ?? 'Its deployment failed.' },
    [],
  );
  return `${name} is quarantined here: xylem release lift ${name} --in ${fullName(environment)} takes that back.`;
}
