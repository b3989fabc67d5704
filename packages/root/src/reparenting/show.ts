import { type ReparentedState, type ReparentingState, timeOf } from '@xylem/core';
import type { Reparenting, ReparentingDetail } from '../api/schemas/reparenting.ts';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, type EnvironmentRow, fullName } from '../environments/names.ts';
import { noReparenting, type ReparentingRow, reparentingNamed } from './rows.ts';

/** The most that a list shows, and of hosts that one answer names; all are counted. */
const mostShown = 100;
const mostHosts = 1_000;

/** Where the hosts of a reparenting are, and its relay: who reads one of them sees it. */
export async function environmentsOfHosts(db: Database, row: ReparentingRow): Promise<EnvironmentRow[]> {
  const rows = await db
    .selectFrom('hosts as h')
    .select('h.environment')
    .distinct()
    .where((e) =>
      e.or([
        e('h.id', 'in', db.selectFrom('reparented_hosts').select('host').where('reparenting', '=', row.id)),
        e('h.id', '=', row.relay ?? ''),
      ]),
    )
    .execute();
  const ids = new Set(rows.map(({ environment }) => environment));
  return (await allEnvironments(db)).filter(({ id }) => ids.has(id));
}

/** Those of which whoever asks reads a host, the newest first. */
export async function listReparentings(db: Database, within: Within): Promise<Reparenting[]> {
  const rows = await db
    .selectFrom('reparentings')
    .selectAll()
    .orderBy('asked_ms', 'desc')
    .orderBy('id')
    .limit(mostShown)
    .execute();
  const shown: Reparenting[] = [];
  for (const row of rows) {
    const environments = await environmentsOfHosts(db, row);
    if (environments.some(within)) shown.push(await shownOf(db, row, environments.filter(within)));
  }
  return shown;
}

/** @throws XylemError E_NOT_FOUND, also where whoever asks reads none of its hosts */
export async function showReparenting(db: Database, id: string, within: Within): Promise<ReparentingDetail> {
  const row = await reparentingNamed(db, id);
  const environments = await environmentsOfHosts(db, row);
  const read = environments.filter(within);
  if (read.length === 0) throw noReparenting(id);
  const names = new Map(read.map((one) => [one.id, fullName(one)]));
  const hosts = await db
    .selectFrom('reparented_hosts as m')
    .innerJoin('hosts as h', 'h.id', 'm.host')
    .selectAll('m')
    .select(['h.name', 'h.environment'])
    .where('m.reparenting', '=', id)
    .where('h.environment', 'in', [...names.keys()])
    .orderBy('m.rank')
    .orderBy('h.name')
    .limit(mostHosts)
    .execute();
  return {
    ...(await shownOf(db, row, read)),
    hostList: hosts.map((host) => ({
      id: host.host,
      name: host.name,
      environment: names.get(host.environment) ?? host.environment,
      state: host.state as ReparentedState,
      batch: host.batch,
      parents: JSON.parse(host.parents) as string[],
      from: JSON.parse(host.former) as string[],
      code: host.code,
      message: host.message,
    })),
  };
}

async function shownOf(
  db: Database,
  row: ReparentingRow,
  read: readonly EnvironmentRow[],
): Promise<Reparenting> {
  const counts = await db
    .selectFrom('reparented_hosts as m')
    .innerJoin('hosts as h', 'h.id', 'm.host')
    .select((f) => ['m.state', f.fn.countAll<number>().as('hosts')])
    .where('m.reparenting', '=', row.id)
    .where(
      'h.environment',
      'in',
      read.map(({ id }) => id),
    )
    .groupBy('m.state')
    .execute();
  const ids = new Set(read.map(({ id }) => id));
  const named = async (id: string | null): Promise<string | null> => {
    if (id === null) return null;
    const host = await db
      .selectFrom('hosts')
      .select(['name', 'environment'])
      .where('id', '=', id)
      .executeTakeFirst();
    return host !== undefined && ids.has(host.environment) ? host.name : null;
  };
  const states = Object.fromEntries(counts.map(({ state, hosts }) => [state, Number(hosts)]));
  return {
    id: row.id,
    kind: row.kind as Reparenting['kind'],
    rule: row.rule,
    relay: await named(row.relay),
    by: await named(row.replacement),
    state: row.state as ReparentingState,
    batch: row.batch,
    hosts: Object.values(states).reduce((sum, count) => sum + count, 0),
    states,
    mostFailed: row.most_failed,
    note: row.note,
    askedBy: row.asked_by,
    asked: timeOf(row.asked_ms),
    ended: row.ended_ms === null ? null : timeOf(row.ended_ms),
  };
}
