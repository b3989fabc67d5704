import type { Database } from '../db/tables.ts';
import { deploymentOf, newestDeployments } from './rows.ts';

/** The last word about a product in an environment. */
export interface Target {
  readonly kind: string;
  readonly state: string;
  /** Null: undeployed. */
  readonly version: string | null;
  readonly fromVersion: string | null;
}

/** The newest deployment's target, or null where the product was never deployed. */
export async function newestTarget(
  db: Database,
  environment: string,
  product: string,
): Promise<Target | null> {
  const row = await newestDeployments(db, environment, product).limit(1).executeTakeFirst();
  if (row === undefined) return null;
  const { kind, state, to, from } = deploymentOf(row);
  return { kind, state, version: to?.version ?? null, fromVersion: from?.version ?? null };
}
