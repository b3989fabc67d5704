import { type DeploymentState, recallStanding, timeOf } from '@xylem/core';
import type { Recall, RecallEnvironment, RecallHost } from '../api/schemas/recalls.ts';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { hostsLeft } from './hosts.ts';
import { liftedOf, outcomeOf, type RecallRow } from './rows.ts';

/** The most hosts that one answer names; all are counted. */
const mostHosts = 1_000;

interface Standing {
  readonly environments: RecallEnvironment[];
  readonly hosts: RecallHost[];
}

/** Where a recall stands, in the environments that whoever asks reads. */
async function standingOfRecall(
  { db, clock }: Pick<Root, 'db' | 'clock'>,
  recall: RecallRow,
  within: Within,
): Promise<Standing> {
  const environments = await environmentsOf(db, recall, within);
  const lifted = new Set(
    environments.filter(({ state }) => state === 'lifted').map((one) => one.environment.id),
  );
  // Where operators lifted it hosts may have it.
  const hosts = (await hostsLeft(db, recall, within, clock.now())).filter(
    ({ environment }) => !lifted.has(environment.id),
  );
  return { environments, hosts };
}

const settled: ReadonlySet<RecallEnvironment['state']> = new Set(['none', 'back', 'lifted']);

/** No environment directs it any more, and no host may still run it. */
function isDone({ environments, hosts }: Standing): boolean {
  return hosts.length === 0 && areSettled(environments);
}

const areSettled = (environments: readonly RecallEnvironment[]): boolean =>
  environments.every(({ state }) => settled.has(state));

/** The same, everywhere; hosts are not asked before environments are settled. */
export async function isRecallDone(root: Pick<Root, 'db' | 'clock'>, recall: RecallRow): Promise<boolean> {
  const everywhere = () => true;
  if (!areSettled(await environmentsOf(root.db, recall, everywhere))) return false;
  return isDone(await standingOfRecall(root, recall, everywhere));
}

/** As the API shows it, as far as somebody reads. */
export async function showRecall(
  root: Pick<Root, 'db' | 'clock'>,
  row: RecallRow,
  within: Within,
): Promise<Recall> {
  const standing = await standingOfRecall(root, row, within);
  const { hosts, environments } = standing;
  const ended =
    row.ended_ms === null
      ? null
      : { at: timeOf(row.ended_ms), by: row.ended_by ?? '', reason: row.end_reason ?? '' };
  const { id, product, version, release, reason, recalled_by: by } = row;
  return {
    id,
    product,
    version,
    release,
    reason,
    by,
    since: timeOf(row.since_ms),
    state: ended !== null ? 'ended' : isDone(standing) ? 'done' : 'going',
    ended,
    environments,
    running: hosts.filter(({ components }) => components.length > 0).length,
    unheard: hosts.filter(({ components }) => components.length === 0).length,
    hosts: hosts.slice(0, mostHosts),
  };
}

async function environmentsOf(db: Database, { id }: RecallRow, within: Within): Promise<RecallEnvironment[]> {
  const rows = await db
    .selectFrom('recall_environments as e')
    .leftJoin('deployments as d', 'd.id', 'e.deployment')
    .selectAll('e')
    .select(['d.state', 'd.reason'])
    .where('e.recall', '=', id)
    .execute();
  const known = new Map(rows.map((row) => [row.environment, row]));
  const lifted = await liftedOf(
    db,
    rows.map(({ quarantine }) => quarantine),
  );
  return (await allEnvironments(db)).filter(within).map((environment) => {
    const row = known.get(environment.id);
    const isLifted = row?.quarantine != null && lifted.has(row.quarantine);
    const outcome = row === undefined ? 'due' : outcomeOf(row);
    const state = recallStanding(outcome, (row?.state ?? null) as DeploymentState | null, isLifted);
    return {
      environment: refOf(environment),
      state,
      version: row?.version ?? null,
      deployment: row?.deployment ?? null,
      quarantined: row?.quarantine != null && !isLifted,
      code: row?.code ?? null,
      message: row?.message ?? (state === 'stopped' ? (row?.reason ?? null) : null),
    };
  });
}
