import type { Database } from '../db/tables.ts';
import { deploymentOf, unsettledDeployments } from '../deployments/rows.ts';
import { unmarked } from '../deployments/unmarked.ts';
import type { Root } from '../root.ts';

/**
 * Readies an environment for the hosts that are on their way to it: until a deployment that is under way there comes to
 * one of them, it keeps what it runs, as one that was offline when its turn came. Nothing is removed to be installed again.
 */
export async function awaitMoved(root: Root, environment: string): Promise<void> {
  await holdBack(root.db, environment);
  await root.deploying.evaluate(environment);
  await root.directing.publish(environment);
}

/** The rows of it, for who is in a transaction. */
export async function holdBack(db: Database, environment: string): Promise<void> {
  const coming = await db
    .selectFrom('hosts')
    .select('id')
    .where('environment', '=', environment)
    .where('moving_from', 'is not', null)
    .execute();
  const deployments = (await unsettledDeployments(db, environment)).map(deploymentOf);
  for (const { id: deployment } of deployments) {
    for (const { id: host } of coming) {
      await db
        .insertInto('deployment_hosts')
        .values({ deployment, host, ...unmarked, held: 1 })
        .onConflict((c) => c.columns(['deployment', 'host']).doNothing())
        .execute();
    }
  }
}
