import {
  advanceReparenting,
  type HeardHost,
  hasNewParents,
  isReparentingOver,
  type ReparentedHost,
  type ReparentingStep,
  type Report,
  sameParent,
} from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import { inParts } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { silentAfterMs } from '../hosts/view.ts';
import type { Root } from '../root.ts';
import { roomAt } from './fleet.ts';
import {
  type ReparentingRow,
  reparentedHosts,
  reparentedOf,
  reparentingLock,
  reparentingNamed,
  reparentingOf,
  reparentingsToDrive,
} from './rows.ts';

type Options = Pick<Root, 'db' | 'clock' | 'directing'>;

/**
 * Goes on with every reparenting, each in a transaction of its own; then what hosts are told is directed. A root server
 * that is killed in between directs it at its next start.
 */
export async function driveReparentings(root: Root): Promise<void> {
  if (root.restored.isRestored()) return;
  for (const { id } of await reparentingsToDrive(root.db)) {
    try {
      const environments = await driveOne(root, id);
      for (const environment of environments) await root.directing.publish(environment);
    } catch (error) {
      root.log.error('reparenting could not go on', { reparenting: id, error });
    }
  }
}

async function driveOne(root: Options, id: string): Promise<ReadonlySet<string>> {
  const nowMs = root.clock.now();
  return await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, reparentingLock);
    const row = await reparentingNamed(trx, id);
    const rows = await reparentedHosts(trx, id);
    const hosts = rows.map(reparentedOf);
    const tenants = new Map(rows.map(({ host, tenant }) => [host, tenant]));
    const step = advanceReparenting({
      reparenting: reparentingOf(row),
      hosts,
      heard: await heardOf(root, trx, hosts, tenants, nowMs),
      room: await roomFor(trx, hosts),
      sinceMs: nowMs - row.looked_ms,
    });
    return await keep(trx, { ...row, looked_ms: nowMs }, hosts, step, nowMs);
  });
}

/** Writes a step down. @returns the environments of which something else is to be said */
export async function keep(
  trx: Database,
  row: ReparentingRow,
  before: readonly ReparentedHost[],
  { reparenting, hosts, note }: ReparentingStep,
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const known = new Map(before.map((host) => [host.host, host]));
  for (const { host, state, batch, fault } of hosts) {
    await trx
      .updateTable('reparented_hosts')
      .set({ state, batch, code: fault?.code ?? null, message: fault?.message ?? null })
      .where('reparenting', '=', row.id)
      .where('host', '=', host)
      .execute();
    const was = known.get(host);
    if (was === undefined || state === 'gone' || hasNewParents({ state }) === hasNewParents(was)) continue;
    const goes = hasNewParents({ state });
    await trx
      .updateTable('hosts')
      .set((e) => ({
        parents: JSON.stringify(goes ? was.parents : was.from),
        parents_rule: goes
          ? row.rule
          : e
              .selectFrom('reparented_hosts')
              .select('former_rule')
              .where('reparenting', '=', row.id)
              .where('host', '=', host),
      }))
      .where('id', '=', host)
      .execute();
  }
  const { state, endsAs, batch, waitedMs } = reparenting;
  const isOver = isReparentingOver(reparenting);
  const reason = state === row.state && endsAs === row.ends_as ? row.note : reasonOf(reparenting, row);
  await trx
    .updateTable('reparentings')
    .set({
      state,
      ends_as: endsAs,
      batch,
      waited_ms: waitedMs,
      looked_ms: row.looked_ms,
      note: state === 'running' || state === 'paused' ? note : reason,
      ended_ms: isOver ? (row.ended_ms ?? nowMs) : null,
    })
    .where('id', '=', row.id)
    .execute();
  if (isOver && row.ended_ms === null && row.relay !== null && state !== 'done')
    await trx.updateTable('hosts').set({ drained_ms: null }).where('id', '=', row.relay).execute();
  const touched = await environmentsOf(
    trx,
    hosts.map(({ host }) => host),
  );
  if (state !== row.state)
    for (const environment of await environmentsOf(
      trx,
      before.map(({ host }) => host),
    ))
      await appendAudit(trx, nowMs, {
        who: 'root server',
        what: `reparenting.${state}`,
        subject: `reparenting/${row.id}`,
        environment,
        after: { batch, reason: isOver || state === 'returning' ? reason : null },
      });
  return touched;
}

function reasonOf({ state, endsAs }: ReparentingStep['reparenting'], row: ReparentingRow): string | null {
  if (state === 'returning' && endsAs === 'failed')
    return `More than ${row.most_failed} hosts could not go to their new parents: those that went come back.`;
  return row.note;
}

async function environmentsOf(db: Database, hosts: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await inParts(hosts, (part) =>
    db.selectFrom('hosts').select('environment').distinct().where('id', 'in', part).execute(),
  );
  return new Set(rows.map(({ environment }) => environment));
}

const spoken: ReadonlySet<ReparentedHost['state']> = new Set(['trying', 'unheard', 'returning']);

/** What hosts said last; of those that wait only whether they are silent. */
async function heardOf(
  { directing }: Options,
  db: Database,
  hosts: readonly ReparentedHost[],
  tenants: ReadonlyMap<string, string>,
  nowMs: number,
): Promise<ReadonlyMap<string, HeardHost>> {
  const open = hosts.filter(({ state }) => spoken.has(state) || state === 'waiting');
  const rows = await inParts(
    open.map(({ host }) => host),
    (part) =>
      db
        .selectFrom('hosts as h')
        .innerJoin('environments as e', 'e.id', 'h.environment')
        .leftJoin('reports as r', 'r.host', 'h.id')
        .leftJoin('host_states as s', 's.host', 'h.id')
        .select([
          'h.id',
          'h.retired',
          'h.revoked_ms',
          'h.environment',
          'e.tenant',
          's.heard_ms',
          'r.document',
        ])
        .where('h.id', 'in', part)
        .execute(),
  );
  const stateOf = new Map(open.map(({ host, state }) => [host, state]));
  return new Map(
    rows.map((row) => {
      const isSpoken = row.document !== null && spoken.has(stateOf.get(row.id) ?? 'waiting');
      const report = isSpoken ? (JSON.parse(row.document ?? '') as Report) : null;
      const everySeconds = directing.state(row.environment)?.policy.reportEverySeconds ?? 3_600;
      const heard: HeardHost = {
        parent: report?.parent.url ?? null,
        reparent: report?.reparent ?? null,
        silent: row.heard_ms === null || nowMs - row.heard_ms > silentAfterMs(everySeconds),
        gone: row.retired === 1 || row.revoked_ms !== null || row.tenant !== tenants.get(row.id),
      };
      return [row.id, heard];
    }),
  );
}

/** None is asked for while nobody waits. */
async function roomFor(db: Database, hosts: readonly ReparentedHost[]): Promise<ReadonlyMap<string, number>> {
  const firstOf = ({ parents }: ReparentedHost): string => sameParent(parents[0] ?? '');
  const waiting = hosts.filter(({ state }) => state === 'waiting');
  const coming = new Map<string, number>();
  for (const host of hosts)
    if (host.state === 'trying' || host.state === 'unheard')
      coming.set(firstOf(host), (coming.get(firstOf(host)) ?? 0) + 1);
  return await roomAt(db, [...new Set(waiting.map(firstOf))], coming);
}
