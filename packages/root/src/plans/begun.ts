import type { Database } from '../db/tables.ts';
import type { DeploymentRow } from '../deployments/rows.ts';
import type { KnownPlan } from './rows.ts';

/** What is looked at of a plan's deployments: their documents are large, and few ask for them. */
const looked = ['id', 'environment', 'product', 'state', 'sequence', 'finished_ms'] as const;
export type Begun = Pick<DeploymentRow, (typeof looked)[number]>;

const broughtBy = (db: Database, { row, version }: KnownPlan) =>
  db
    .selectFrom('deployments')
    .where('plan', '=', row.id)
    .where('kind', '=', version.document.kind)
    .orderBy('sequence');

/** The deployments by which a plan came to its environments, in the order in which they began. */
export const begunBy = async (db: Database, known: KnownPlan): Promise<Begun[]> =>
  await broughtBy(db, known).select(looked).execute();

/** The same, with all that is known of them. */
export const deploymentsOf = async (db: Database, known: KnownPlan): Promise<DeploymentRow[]> =>
  await broughtBy(db, known).selectAll().execute();
