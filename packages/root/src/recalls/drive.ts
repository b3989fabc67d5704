import { type DeploymentState, isRecallDue, XylemError } from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { deployingLock } from '../deployments/rows.ts';
import { allEnvironments, type EnvironmentRow } from '../environments/names.ts';
import { presentOperators } from '../quarantine/operators.ts';
import { setOne, stopDeploymentsOf } from '../quarantine/set.ts';
import type { Root } from '../root.ts';
import { tell } from './begin.ts';
import { refusePlans } from './plans.ts';
import {
  liftedOf,
  outcomeOf,
  type RecallRow,
  recallEnvironment,
  recalledName,
  recallNamed,
  recallsUnderWay,
} from './rows.ts';
import { isRecallDone } from './show.ts';
import { takeBack } from './take-back.ts';

type Options = Pick<Root, 'db' | 'clock' | 'randomness'>;

/**
 * Goes on with every recall that is not done: environment after environment, each in a transaction of its own. A root
 * server that is killed in between goes on at its next start with those that are left.
 */
export async function driveRecalls(root: Root): Promise<void> {
  const { db, log, restored, deploying, directing } = root;
  if (restored.isRestored()) return;
  for (const recall of await recallsUnderWay(db)) {
    const tried = async (work: () => Promise<void>, environment?: string): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // The others go back all the same; this is tried again.
        log.error('recall could not go on', { recall: recall.id, environment, error });
      }
    };
    // First, so that none of them answers by its own rule to what stops here.
    await tried(() => refusePlans(root, recall));
    for (const environment of await dueEnvironments(db, recall)) {
      await tried(async () => {
        const changed = await driveEnvironment(root, recall, environment);
        if (changed === null) return;
        for (const id of changed) deploying.events.announce(id);
        await deploying.evaluate(environment.id);
        await directing.publish(environment.id);
      }, environment.id);
    }
    await tried(() => noteDone(root, recall));
  }
}

/** Looked at without a lock: what is due is looked at again under it. */
async function dueEnvironments(db: Database, { id }: RecallRow): Promise<EnvironmentRow[]> {
  const rows = await db
    .selectFrom('recall_environments as e')
    .leftJoin('deployments as d', 'd.id', 'e.deployment')
    .select(['e.environment', 'e.outcome', 'd.state'])
    .where('e.recall', '=', id)
    .execute();
  const known = new Map(rows.map((row) => [row.environment, row]));
  return (await allEnvironments(db)).filter((environment) => {
    const row = known.get(environment.id);
    return row === undefined || isRecallDue(outcomeOf(row), row.state as DeploymentState | null);
  });
}

/**
 * What a recall does in one environment: hosts are told, deployments of the release stop, and the way back begins.
 * @returns the deployments that it changed; null: nothing was to be done
 */
export async function driveEnvironment(
  options: Options,
  recall: RecallRow,
  environment: EnvironmentRow,
): Promise<string[] | null> {
  const nowMs = options.clock.now();
  return await options.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(environment.id));
    if ((await recallNamed(trx, recall.id)).ended_ms !== null) return null;
    const before = await recallEnvironment(trx, recall.id, environment.id);
    if (before !== undefined) {
      if ((await liftedOf(trx, [before.quarantine])).size > 0) return null;
      if (!isRecallDue(outcomeOf(before), await stateOf(trx, before.deployment))) return null;
    }
    const stopped: string[] = [];
    const quarantine = await quarantineHere(trx, options, recall, environment, stopped);
    const message = `${recalledName(recall)} was recalled by ${recall.recalled_by}: ${recall.reason}`;
    const { id: environmentId } = environment;
    const { id, release } = recall;
    const stop = {
      environment: environmentId,
      release,
      message,
      details: { recall: id },
      by: `recall/${id}`,
      nowMs,
    };
    stopped.push(...(await stopDeploymentsOf(trx, stop)));
    const after = { ...(await takeBack(trx, options, recall, environment)), quarantine };
    const isSame =
      before !== undefined &&
      (['outcome', 'deployment', 'quarantine', 'message'] as const).every(
        (key) => before[key] === after[key],
      );
    if (isSame && stopped.length === 0) return null;
    const values = { ...after, updated_ms: nowMs };
    await trx
      .insertInto('recall_environments')
      .values({ recall: id, environment: environmentId, ...values })
      .onConflict((c) => c.columns(['recall', 'environment']).doUpdateSet(values))
      .execute();
    return after.deployment === null ? stopped : [...stopped, after.deployment];
  });
}

/** Hosts refuse it then by themselves. @returns the quarantine, null where nobody could lift it, or there are too many */
async function quarantineHere(
  trx: Database,
  options: Options,
  { product, version, release, reason, recalled_by: who }: RecallRow,
  environment: EnvironmentRow,
  stopped: string[],
): Promise<string | null> {
  if ((await presentOperators(trx, environment.id)) === null) return null;
  try {
    const word = { product, version, release, reason };
    return await setOne(options, trx, who, environment, word, stopped);
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_CONFLICT') return null;
    throw error;
  }
}

async function stateOf(db: Database, deployment: string | null): Promise<DeploymentState | null> {
  if (deployment === null) return null;
  const row = await db
    .selectFrom('deployments')
    .select('state')
    .where('id', '=', deployment)
    .executeTakeFirst();
  return (row?.state ?? null) as DeploymentState | null;
}

async function noteDone(root: Root, recall: RecallRow): Promise<void> {
  if (!(await isRecallDone(root, recall))) return;
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('recalls')
      .set({ done_ms: nowMs })
      .where('id', '=', recall.id)
      .where('done_ms', 'is', null)
      .where('ended_ms', 'is', null)
      .executeTakeFirstOrThrow();
    if (Number(numUpdatedRows) === 0) return;
    const message = `No host reports ${recalledName(recall)} any more, and no environment directs it.`;
    await tell(trx, recall.id, 'done', message, nowMs);
  });
}
