import type { PlanEnvironment, PlanStage } from '@xylem/core';
import type { EnvironmentRow } from '../environments/names.ts';
import { askTickets, demandsTicket } from '../tickets/ask.ts';
import type { PlanOptions } from './prepare.ts';
import type { KnownPlan } from './rows.ts';

/** Whether the environment's policy or the plan's stage demands a ticket. */
export const wantsTicket = ({ gates }: Pick<PlanStage, 'gates'>, row: EnvironmentRow): boolean =>
  gates?.change === 'required' || demandsTicket(row);

/** Asks about a plan's ticket, for environments in which it is about to begin; outside of any transaction. */
export async function askTicketsOf(
  options: Pick<PlanOptions, 'db' | 'clock' | 'randomness'>,
  { row, version }: KnownPlan,
  environments: readonly PlanEnvironment[],
): Promise<void> {
  const { change, kind, product, version: release } = version.document;
  if (change === undefined || environments.length === 0) return;
  const stageOf = ({ id }: EnvironmentRow) =>
    version.document.stages.find((stage) => stage.environments.some(({ environment }) => environment === id));
  const ids = environments.map(({ environment }) => environment);
  const rows = await options.db
    .selectFrom('environments')
    .selectAll()
    .where('id', 'in', ids)
    .orderBy('tenant')
    .orderBy('environment')
    .execute();
  const plan = { id: row.id, digest: version.digest };
  const demanding = rows.filter((one) => wantsTicket(stageOf(one) ?? {}, one));
  await askTickets(options, demanding, { change, kind, product, version: release, plan });
}
