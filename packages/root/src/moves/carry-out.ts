import { checkHostMapEntry, type EnvironmentId, type HostMapEntry, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { entryOf } from '../directing/compose.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { holdBack } from '../hosts/moved.ts';
import type { Root } from '../root.ts';
import { note } from './note.ts';
import { type MoveRequest, updateRequest } from './rows.ts';

/**
 * Makes the hosts those of the taking tenant. What the giving tenant's operators said about them stays with that, beside
 * the request; it is what its host map says until they have left.
 */
export async function carryOut(
  trx: Database,
  root: Root,
  request: MoveRequest,
  hosts: readonly HostRecord[],
  nowMs: number,
): Promise<void> {
  const { id, to, parents } = request;
  if (to === null) throw new TypeError('nobody approves for what does not exist');
  for (const host of hosts) {
    const entry = entryOf(host);
    refuseTooLarge(host.id, { ...entry, leave: leaveOf(request, to.id) });
    await trx
      .updateTable('moved_hosts')
      .set({ entry: JSON.stringify(entry), left_ms: nowMs })
      .where('move', '=', id)
      .where('host', '=', host.id)
      .execute();
    const { numUpdatedRows } = await trx
      .updateTable('hosts')
      .set({
        environment: to.id,
        moving_from: host.environment,
        labels: '{}',
        parents: JSON.stringify(parents),
        parents_rule: null,
        config: '{}',
        kept: '{}',
        pinned: null,
        serve: 0,
        serves: '[]',
        cloned: null,
        replaces: null,
        replaced_by: null,
        joined_ms: nowMs,
        token: id,
      })
      .where('id', '=', host.id)
      // It was looked at before; whoever changes hosts waits for none of this.
      .where('environment', '=', host.environment)
      .where('moving_from', 'is', null)
      .where('retired', '=', 0)
      .where('revoked_ms', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n)
      throw new XylemError('E_CONFLICT', `${host.id} was moved, retired or revoked just now. Try again.`);
  }
  await updateRequest(trx, id, { state: 'approved' });
  await holdBack(trx, to.id);
  await note(trx, nowMs, request, 'move.carry-out', { side: null, who: 'root server', after: {} });
  root.log.info('hosts go to another tenant', { move: id, hosts: hosts.length });
}

/** What the old host map says to a host that leaves. */
function leaveOf(
  { keepData, parents }: Pick<MoveRequest, 'keepData' | 'parents'>,
  environment: string,
): NonNullable<HostMapEntry['leave']> {
  return {
    environment: environment as EnvironmentId,
    ...(keepData ? { keepData } : {}),
    ...(parents.length === 0 ? {} : { parents: [...parents] }),
  };
}

/**
 * One entry that is too large would keep the giving tenant's whole environment from being directed. By its id: whoever
 * approves last may be of the other side.
 */
function refuseTooLarge(host: string, entry: HostMapEntry): void {
  try {
    checkHostMapEntry(host, entry);
  } catch (cause) {
    throw new XylemError('E_CONFLICT', `${host} can't be told to go with so many parents: give fewer.`, {
      cause,
    });
  }
}

/** Says it: first where the hosts are awaited, then where they are. Repeated by every start of the root server. */
export async function directMoved(root: Root, { from, to }: MoveRequest): Promise<void> {
  // One that comes back to where it was is let in again.
  await root.departed.reload();
  for (const environment of [to?.id, from.id]) {
    if (environment === undefined) continue;
    await root.deploying.evaluate(environment);
    await root.directing.publish(environment);
  }
}

/**
 * What the host map of the environment says to those of these hosts, on their way from there, that leave for another
 * tenant; the others move within their own.
 */
export async function leavingEntries(
  db: Database,
  environment: string,
  hosts: readonly HostRecord[],
): Promise<ReadonlyMap<string, HostMapEntry>> {
  const entries = new Map<string, HostMapEntry>();
  if (hosts.length === 0) return entries;
  const rows = await db
    .selectFrom('moved_hosts as m')
    .innerJoin('move_requests as r', 'r.id', 'm.move')
    .select(['m.host', 'm.entry', 'r.keep_data', 'r.parents'])
    .where('r.from_environment', '=', environment)
    .where('m.left_ms', 'is not', null)
    .where('m.came_ms', 'is', null)
    .execute();
  const left = new Map(rows.map((row) => [row.host, row]));
  for (const host of hosts) {
    const row = left.get(host.id);
    if (row?.entry == null) continue;
    const request = { keepData: row.keep_data === 1, parents: JSON.parse(row.parents) as string[] };
    const leave = leaveOf(request, host.environment);
    entries.set(host.id, { ...(JSON.parse(row.entry) as HostMapEntry), leave });
  }
  return entries;
}
