import type { Database } from '../db/tables.ts';
import { deploymentOf, newestDeployments } from './rows.ts';

/** The last word about a product in an environment. */
export interface Target {
  readonly kind: string;
  readonly state: string;
  /** Null: undeployed. */
  readonly version: string | null;
}

/** The newest deployment's target, or null where the product was never deployed. */
export async function newestTarget(
  db: Database,
  environment: string,
  product: string,
): Promise<Target | null> {
  const row = await newestDeployments(db, environment, product).limit(1).executeTakeFirst();
  if (row === undefined) return null;
  const { kind, state, to } = deploymentOf(row);
  return { kind, state, version: to?.version ?? null };
}

/** Whether somebody, or a verdict, went back from this release, and nobody has deployed it again since. */
export async function wasTakenBack(
  db: Database,
  environment: string,
  product: string,
  version: string,
): Promise<boolean> {
  const all = newestDeployments(db, environment, product);
  const rollbacks = await all.where('kind', '=', 'rollback').execute();
  const back = rollbacks.find((row) => deploymentOf(row).from?.version === version);
  if (back === undefined) return false;
  const since = await all.where('kind', '=', 'deploy').where('sequence', '>', back.sequence).execute();
  return since.every((row) => deploymentOf(row).to?.version !== version);
}
