import { type Time, timeOf } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';

export type FreezeRow = Selectable<Tables['freezes']>;

/** The freeze that holds in an environment now, or undefined. */
export async function openFreeze(
  db: Database,
  environment: string,
  nowMs: number,
): Promise<FreezeRow | undefined> {
  const row = await db
    .selectFrom('freezes')
    .selectAll()
    .where('environment', '=', environment)
    .executeTakeFirst();
  return row === undefined || hasPassed(row, nowMs) ? undefined : row;
}

const hasPassed = ({ until_ms: untilMs }: Pick<FreezeRow, 'until_ms'>, nowMs: number): boolean =>
  untilMs !== null && untilMs <= nowMs;

/** Who froze it, since when, until when and why: one sentence. */
export function freezeSentence(name: string, row: FreezeRow): string {
  const until = row.until_ms === null ? '' : ` until ${timeOf(row.until_ms)}`;
  return `${name} was frozen by ${row.set_by} at ${timeOf(row.since_ms)}${until}: ${row.reason}`;
}

/** What core is told of a freeze (`AdvancePolicy.frozen`), or null. */
export async function frozenIn(
  db: Database,
  environment: EnvironmentRow,
  nowMs: number,
): Promise<string | null> {
  const row = await openFreeze(db, environment.id, nowMs);
  return row === undefined ? null : freezeSentence(fullName(environment), row);
}

/** As the API shows it. */
export async function shownFreeze(
  db: Database,
  environment: string,
  nowMs: number,
): Promise<{ reason: string; by: string; since: Time; until: Time | null } | null> {
  const row = await openFreeze(db, environment, nowMs);
  if (row === undefined) return null;
  const { reason, set_by: by, since_ms: sinceMs, until_ms: untilMs } = row;
  return { reason, by, since: timeOf(sinceMs), until: untilMs === null ? null : timeOf(untilMs) };
}
