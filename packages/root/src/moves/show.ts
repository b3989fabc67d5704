import { type HostMapEntry, timeOf } from '@xylem/core';
import type { Move, MoveDetail } from '../api/schemas/index.ts';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { newestReport, type StoredReport } from '../hosts/kept-report.ts';
import type { MovedHost, MoveRequest, Side, Word } from './rows.ts';

/** The request as a side may see it: of the other side the tenant, and whether it has approved. */
export function apiMove(request: MoveRequest, sides: readonly Side[], note: string | null = null): Move {
  const { from, to, toName, asked, gives, takes } = request;
  const isGiving = sides.includes('gives');
  const isTaking = sides.includes('takes');
  const wordOf = (word: Word | null, isOwn: boolean) =>
    word === null ? null : { time: timeOf(word.atMs), by: isOwn ? word.name : null };
  return {
    id: request.id,
    state: request.state,
    sides: [...sides],
    from: isGiving ? fullName(from) : from.tenant,
    to: isTaking && to !== null ? fullName(to) : toName,
    hosts: request.hosts.length,
    keepData: request.keepData,
    asked: wordOf(asked, isGiving) ?? { time: timeOf(asked.atMs), by: null },
    expires: timeOf(request.expiresMs),
    gives: wordOf(gives, isGiving),
    takes: wordOf(takes, isTaking),
    ended: request.endedMs === null ? null : timeOf(request.endedMs),
    endedBy: request.endedSide,
    reason: request.reason,
    note,
  };
}

/** With its hosts; what they were is for the giving side. */
export async function apiMoveDetail(
  db: Database,
  request: MoveRequest,
  sides: readonly Side[],
): Promise<MoveDetail> {
  const rows = await db
    .selectFrom('moved_hosts')
    .selectAll()
    .where('move', '=', request.id)
    .orderBy('host')
    .execute();
  const here = new Map((await hostsIn(db, [request.from.id])).map((host) => [host.id, host]));
  const lastOf = await lastReports(db, request);
  return {
    ...apiMove(request, sides),
    hostList: rows.map((row) => {
      const was = sides.includes('gives') ? wasOf(row, here.get(row.host)?.name ?? null, lastOf) : null;
      return { id: row.host, state: stateOf(row), was };
    }),
  };
}

function stateOf({ left_ms, came_ms }: MovedHost): 'waits' | 'leaving' | 'gone' {
  if (left_ms === null) return 'waits';
  return came_ms === null ? 'leaving' : 'gone';
}

type Last = StoredReport & { readonly heard_ms: number | null };

/** Of hosts that have not come yet: their newest in the old environment. */
async function lastReports(db: Database, { id, from }: MoveRequest): Promise<ReadonlyMap<string, Last>> {
  const rows = await db
    .selectFrom('reports as r')
    .innerJoin('moved_hosts as m', 'm.host', 'r.host')
    .innerJoin('host_states as s', 's.host', 'r.host')
    .select(['r.host', 'r.document', 's.moving', 's.heard_ms'])
    .where('m.move', '=', id)
    .where('m.left_ms', 'is not', null)
    .where('m.came_ms', 'is', null)
    .where('r.environment', '=', from.id)
    .execute();
  return new Map(rows.map((row) => [row.host, row]));
}

function wasOf(row: MovedHost, name: string | null, lastOf: ReadonlyMap<string, Last>) {
  const entry = row.entry === null ? null : (JSON.parse(row.entry) as HostMapEntry);
  const last =
    row.report === null
      ? lastOf.get(row.host)
      : { document: row.report, moving: null, heard_ms: row.reported_ms };
  const report = last === undefined ? null : newestReport(last);
  return {
    name: name ?? entry?.name ?? null,
    labels: { ...entry?.labels },
    left: row.left_ms === null ? null : timeOf(row.left_ms),
    came: row.came_ms === null ? null : timeOf(row.came_ms),
    lastReport: last === undefined ? null : timeOf(last.heard_ms ?? 0),
    report: report === null ? null : { ...report },
  };
}
