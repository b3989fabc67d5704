import { type Digest, type RecallOutcome, timeOf, XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';

export type RecallRow = Selectable<Tables['recalls']>;
export type RecallEnvironmentRow = Selectable<Tables['recall_environments']>;

/** Who begins or ends a recall of a release goes one after the other (`lockFor`), before any deploying lock. */
export const recallLock = (release: string): string => `recall/${release}`;

/** `shop@2.4.0` */
export const recalledName = ({ product, version }: Pick<RecallRow, 'product' | 'version'>): string =>
  `${product}@${version}`;

export const outcomeOf = ({ outcome }: Pick<RecallEnvironmentRow, 'outcome'>): RecallOutcome =>
  outcome as RecallOutcome;

/** The recall of a release that holds, or undefined. */
export async function openRecall(db: Database, release: string): Promise<RecallRow | undefined> {
  return await db
    .selectFrom('recalls')
    .selectAll()
    .where('release', '=', release)
    .where('ended_ms', 'is', null)
    .executeTakeFirst();
}

/** Those that have not been ended, and that a host or an environment may still have something of; oldest first. */
export async function recallsUnderWay(db: Database): Promise<RecallRow[]> {
  return await db
    .selectFrom('recalls')
    .selectAll()
    .where('ended_ms', 'is', null)
    .where('done_ms', 'is', null)
    .orderBy('since_ms')
    .orderBy('id')
    .execute();
}

/** @throws XylemError E_NOT_FOUND */
export async function recallNamed(db: Database, id: string): Promise<RecallRow> {
  const row = await db.selectFrom('recalls').selectAll().where('id', '=', id).executeTakeFirst();
  if (row !== undefined) return row;
  throw noRecall(id);
}

export const noRecall = (id: string): XylemError =>
  new XylemError('E_NOT_FOUND', `There is no recall ${id}. \`xylem recall list\` shows them.`);

export async function recallEnvironment(
  db: Database,
  recall: string,
  environment: string,
): Promise<RecallEnvironmentRow | undefined> {
  return await db
    .selectFrom('recall_environments')
    .selectAll()
    .where('recall', '=', recall)
    .where('environment', '=', environment)
    .executeTakeFirst();
}

/** Those of these quarantines that operators lifted. */
export async function liftedOf(db: Database, quarantines: readonly (string | null)[]): Promise<Set<string>> {
  const ids = quarantines.filter((id) => id !== null);
  const lifted = new Set<string>();
  for (let at = 0; at < ids.length; at += 500) {
    const rows = await db
      .selectFrom('quarantines')
      .select('id')
      .where('id', 'in', ids.slice(at, at + 500))
      .where('lifted_ms', 'is not', null)
      .execute();
    for (const { id } of rows) lifted.add(id);
  }
  return lifted;
}

/**
 * A recalled release comes to no environment, but where operators lifted the quarantine that the recall brought: their
 * signature is the stronger word.
 * @throws XylemError E_RECALLED
 */
export async function refuseRecalled(db: Database, environment: string, release: Digest): Promise<void> {
  const recall = await openRecall(db, release);
  if (recall === undefined) return;
  const here = await recallEnvironment(db, recall.id, environment);
  if ((await liftedOf(db, [here?.quarantine ?? null])).size > 0) return;
  const { id, recalled_by: by, since_ms: sinceMs, reason } = recall;
  throw new XylemError(
    'E_RECALLED',
    `${recalledName(recall)} was recalled by ${by} at ${timeOf(sinceMs)}: ${reason}`,
    { details: { recall: id } },
  );
}
