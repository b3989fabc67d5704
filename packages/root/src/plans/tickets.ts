import type { PlanEnvironment } from '@xylem/core';
import { askTickets } from '../tickets/ask.ts';
import type { PlanOptions } from './prepare.ts';
import type { KnownPlan } from './rows.ts';

/** Asks about a plan's ticket, for environments in which it is about to begin; outside of any transaction. */
export async function askTicketsOf(
  options: Pick<PlanOptions, 'db' | 'clock' | 'randomness'>,
  { row, version }: KnownPlan,
  environments: readonly PlanEnvironment[],
): Promise<void> {
  const { change, kind, product, version: release } = version.document;
  if (change === undefined || environments.length === 0) return;
  const ids = environments.map(({ environment }) => environment);
  const rows = await options.db
    .selectFrom('environments')
    .selectAll()
    .where('id', 'in', ids)
    .orderBy('tenant')
    .orderBy('environment')
    .execute();
  const plan = { id: row.id, digest: version.digest };
  await askTickets(options, rows, { change, kind, product, version: release, plan });
}
