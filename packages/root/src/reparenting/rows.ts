import type { ReparentedHost, ReparentedState, Reparenting, ReparentingState } from '@xylem/core';
import { XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import { inParts } from '../db/statements.ts';
import type { Database, Tables } from '../db/tables.ts';

export type ReparentingRow = Selectable<Tables['reparentings']>;
type HostRow = Selectable<Tables['reparented_hosts']>;

/** Who begins, changes or goes on with a reparenting goes one after the other (`lockFor`). */
export const reparentingLock = 'reparentings';

/** Who hears of it yet after it has ended: their entries say `reparent`. */
const awaited: readonly ReparentedState[] = ['unheard', 'returning'];

export const reparentingOf = (row: ReparentingRow): Reparenting => ({
  state: row.state as ReparentingState,
  endsAs: row.ends_as as Reparenting['endsAs'],
  order: row.go_order,
  backOrder: row.back_order,
  batch: row.batch,
  waitedMs: row.waited_ms,
  firstBatch: row.first_batch,
  mostFailed: row.most_failed,
});

export const reparentedOf = (row: HostRow): ReparentedHost => ({
  host: row.host,
  rank: row.rank,
  state: row.state as ReparentedState,
  batch: row.batch,
  parents: JSON.parse(row.parents) as string[],
  from: JSON.parse(row.former) as string[],
  fault: row.code === null ? null : { code: row.code, message: row.message ?? '' },
});

/** Those that have not ended, and those whose hosts are awaited still; the oldest first. */
export async function reparentingsToDrive(db: Database): Promise<ReparentingRow[]> {
  const late = db.selectFrom('reparented_hosts').select('reparenting').where('state', 'in', awaited);
  return await db
    .selectFrom('reparentings')
    .selectAll()
    .where((e) => e.or([e('ended_ms', 'is', null), e('id', 'in', late)]))
    .orderBy('asked_ms')
    .orderBy('id')
    .execute();
}

/** Its hosts, in the order in which their turns come. */
export async function reparentedHosts(db: Database, reparenting: string): Promise<HostRow[]> {
  return await db
    .selectFrom('reparented_hosts')
    .selectAll()
    .where('reparenting', '=', reparenting)
    .orderBy('rank')
    .orderBy('host')
    .execute();
}

/** @throws XylemError E_NOT_FOUND */
export async function reparentingNamed(db: Database, id: string): Promise<ReparentingRow> {
  const row = await db.selectFrom('reparentings').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw noReparenting(id);
  return row;
}

export const noReparenting = (id: string): XylemError =>
  new XylemError('E_NOT_FOUND', `There is no reparenting ${id}. \`xylem reparenting list\` shows them.`);

/** A host that a rule's reparenting has left where it was. */
interface TriedHost {
  readonly host: string;
  readonly rule: string;
  readonly askedMs: number;
}

const notGone: readonly ReparentedState[] = ['waiting', 'failed', 'returning', 'returned'];

/** Which of these hosts are in a reparenting that goes on, and which have not gone by one of a rule's. */
export async function outOfReach(
  db: Database,
  hosts: readonly string[],
): Promise<{ readonly busy: ReadonlySet<string>; readonly tried: readonly TriedHost[] }> {
  const rows = await inParts(hosts, (part) =>
    db
      .selectFrom('reparented_hosts as m')
      .innerJoin('reparentings as r', 'r.id', 'm.reparenting')
      .select(['m.host', 'r.rule', 'r.asked_ms as askedMs', 'r.ended_ms as endedMs'])
      .where('m.host', 'in', part)
      .where((e) =>
        e.or([
          e('r.ended_ms', 'is', null),
          e.and([e('r.rule', 'is not', null), e('m.state', 'in', notGone)]),
        ]),
      )
      .execute(),
  );
  return {
    busy: new Set(rows.filter(({ endedMs }) => endedMs === null).map(({ host }) => host)),
    tried: rows.flatMap(({ host, rule, askedMs }) => (rule === null ? [] : [{ host, rule, askedMs }])),
  };
}

/** @throws XylemError E_BUSY when one of these hosts is in a reparenting that goes on */
export async function refuseReparenting(db: Database, hosts: readonly string[]): Promise<void> {
  const [busy] = await inParts(hosts, (part) =>
    db
      .selectFrom('reparented_hosts as m')
      .innerJoin('reparentings as r', 'r.id', 'm.reparenting')
      .innerJoin('hosts as h', 'h.id', 'm.host')
      .select(['r.id', 'h.name'])
      .where('r.ended_ms', 'is', null)
      .where('m.host', 'in', part)
      .limit(1)
      .execute(),
  );
  if (busy === undefined) return;
  throw new XylemError(
    'E_BUSY',
    `${busy.name} changes its parents by the reparenting ${busy.id}. Wait for its end, or cancel it: xylem reparenting cancel ${busy.id}`,
    { details: { reparenting: busy.id } },
  );
}

/** What older ones await of these hosts counts no more. */
export async function supersede(trx: Database, hosts: readonly string[]): Promise<void> {
  await inParts(hosts, async (part) => {
    await trx
      .updateTable('reparented_hosts')
      .set({ state: 'gone' })
      .where('host', 'in', part)
      .where('state', 'in', awaited)
      .execute();
    return [];
  });
}
