import { XylemError } from '@xylem/core';
import type { Insertable, Selectable } from 'kysely';
import type { Access } from '../auth/access.ts';
import type { Database, Tables } from '../db/tables.ts';
import type { EnvironmentRow } from '../environments/names.ts';

export type Side = 'gives' | 'takes';
export type MoveState = 'open' | 'approved' | 'done' | 'refused' | 'cancelled' | 'expired';

/** Whose word it is: the account, and as whom it counts for the four-eyes rule. */
export interface Word {
  readonly account: string;
  readonly groups?: readonly string[] | undefined;
  readonly origin: string;
  readonly name: string;
  readonly atMs: number;
}

/** A move request with its environments and hosts. */
export interface MoveRequest {
  readonly id: string;
  readonly from: EnvironmentRow;
  /** Null: there was none of that name when it was asked. */
  readonly to: EnvironmentRow | null;
  readonly toName: string;
  /** Ids, sorted. */
  readonly hosts: readonly string[];
  readonly keepData: boolean;
  readonly state: MoveState;
  readonly asked: Word;
  readonly expiresMs: number;
  readonly gives: Word | null;
  readonly takes: Word | null;
  readonly parents: readonly string[];
  readonly endedMs: number | null;
  readonly endedSide: Side | null;
  readonly reason: string | null;
}

export type MovedHost = Selectable<Tables['moved_hosts']>;
/** Of those that ended long ago the audit log speaks. */
const mostListed = 200;

type Changes = Partial<Insertable<Tables['move_requests']>>;

/** The requests that fit, the newest first, and of `environments` (on either side) the newest 200 alone. */
export async function moveRequests(
  db: Database,
  filter: {
    readonly id?: string;
    readonly state?: MoveState;
    readonly environments?: readonly string[];
    readonly nowMs: number;
  },
): Promise<MoveRequest[]> {
  let query = db.selectFrom('move_requests').selectAll().orderBy('asked_ms', 'desc').orderBy('id');
  if (filter.id !== undefined) query = query.where('id', '=', filter.id);
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  const { environments: own } = filter;
  if (own?.length === 0) return [];
  if (own !== undefined) {
    query = query
      .where((e) => e.or([e('from_environment', 'in', own), e('to_environment', 'in', own)]))
      .limit(mostListed);
  }
  const rows = await query.execute();
  if (rows.length === 0) return [];
  const environments = new Map(
    (await db.selectFrom('environments').selectAll().execute()).map((row) => [row.id, row]),
  );
  const moved: { move: string; host: string }[] = [];
  for (let at = 0; at < rows.length; at += 500) {
    const ids = rows.slice(at, at + 500).map(({ id }) => id);
    const named = db.selectFrom('moved_hosts').select(['move', 'host']).where('move', 'in', ids);
    moved.push(...(await named.orderBy('host').execute()));
  }
  const hostsOf = Map.groupBy(moved, ({ move }) => move);
  const requests: MoveRequest[] = [];
  for (const row of rows) {
    const from = environments.get(row.from_environment);
    if (from === undefined) continue;
    // What has expired counts as that before it is written down.
    const isOver = row.state === 'open' && row.expires_ms <= filter.nowMs;
    requests.push({
      id: row.id,
      from,
      to: row.to_environment === null ? null : (environments.get(row.to_environment) ?? null),
      toName: row.to_name,
      hosts: (hostsOf.get(row.id) ?? []).map(({ host }) => host),
      keepData: row.keep_data === 1,
      state: isOver ? 'expired' : (row.state as MoveState),
      asked: JSON.parse(row.asked) as Word,
      expiresMs: row.expires_ms,
      gives: wordOf(row.gives),
      takes: wordOf(row.takes),
      parents: JSON.parse(row.parents) as string[],
      endedMs: row.ended_ms,
      endedSide: row.ended_side as Side | null,
      reason: row.reason,
    });
  }
  return requests;
}

const wordOf = (text: string | null): Word | null => (text === null ? null : (JSON.parse(text) as Word));

/** Which sides of a request somebody belongs to. */
export function sidesOf(
  { from, to }: Pick<MoveRequest, 'from' | 'to'>,
  reads: (environment: EnvironmentRow) => boolean,
): Side[] {
  return [
    ...(reads(from) ? (['gives'] as const) : []),
    ...(to !== null && reads(to) ? (['takes'] as const) : []),
  ];
}

/** The request, for who reads one of its sides. @throws XylemError E_NOT_FOUND, the same for all others */
export async function requestFor(
  db: Database,
  id: string,
  access: Access,
  nowMs: number,
): Promise<{ readonly request: MoveRequest; readonly sides: readonly Side[] }> {
  const [request] = await moveRequests(db, { id, nowMs });
  const sides = request === undefined ? [] : sidesOf(request, access.within('read'));
  if (request === undefined || sides.length === 0)
    throw new XylemError('E_NOT_FOUND', `There is no move request ${id}. \`xylem move list\` shows yours.`);
  return { request, sides };
}

export async function updateRequest(trx: Database, id: string, changes: Changes): Promise<void> {
  await trx.updateTable('move_requests').set(changes).where('id', '=', id).execute();
}

/** @throws XylemError E_CONFLICT */
export function requireOpen({ id, state }: MoveRequest): void {
  if (state !== 'open')
    throw new XylemError('E_CONFLICT', `The move request ${id} is not open: it is ${state}.`);
}

export const tenantOf = ({ from, toName }: MoveRequest, side: Side): string =>
  side === 'gives' ? from.tenant : (toName.split('/')[0] ?? '');
