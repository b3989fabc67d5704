import { type KnownAddresses, parentRuleLimits } from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import { inParts } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { isDueForRules, takeDueHosts } from '../hosts/host-rows.ts';
import { driveReparentings } from '../reparenting/drive.ts';
import { type Fleet, readFleet } from '../reparenting/fleet.ts';
import { reparentingLock } from '../reparenting/rows.ts';
import type { Root } from '../root.ts';
import { beginFor, type RuleScene } from './begin.ts';
import { rulesIn } from './rows.ts';
import { ruledOf } from './ruled.ts';

/** Begins reparentings for hosts that are due and whose rules want other parents. Nothing else is read. */
export async function lookAtParentRules(root: Root): Promise<void> {
  if (root.restored.isRestored()) return;
  const { db, clock } = root;
  await makeDueWhoseAddressesChanged(db);
  const due = await db
    .selectFrom('environments')
    .select(['id', 'tenant', 'environment'])
    .where('id', 'in', db.selectFrom('parent_rules').select('environment'))
    .where('id', 'in', db.selectFrom('hosts').select('environment').where(isDueForRules(clock.now())))
    .execute();
  let hasBegun = false;
  for (const environment of due) {
    try {
      if (await db.transaction().execute((trx) => lookIn(root, trx, environment))) hasBegun = true;
    } catch (error) {
      root.log.error('parent rules could not be looked at', { environment: environment.id, error });
    }
  }
  if (hasBegun) await driveReparentings(root);
}

/** Whoever takes reports writes no host's row, which people write in another order. */
async function makeDueWhoseAddressesChanged(db: Database): Promise<void> {
  if ((await db.selectFrom('changed_addresses').select('host').limit(1).execute()).length === 0) return;
  await db.transaction().execute(async (trx) => {
    const changed = await trx.deleteFrom('changed_addresses').returning('host').execute();
    await dueFrom(
      trx,
      changed.map(({ host }) => host),
      0,
    );
  });
}

async function dueFrom(trx: Database, hosts: readonly string[], fromMs: number): Promise<void> {
  await inParts(hosts, async (part) => {
    await trx.updateTable('hosts').set({ rule_due_ms: fromMs }).where('id', 'in', part).execute();
    return [];
  });
}

async function lookIn(root: Root, trx: Database, environment: RuleScene['environment']): Promise<boolean> {
  const nowMs = root.clock.now();
  await lockFor(trx, reparentingLock);
  await lockFor(trx, 'parents');
  const rows = await rulesIn(trx, environment.id);
  const hosts = (await takeDueHosts(trx, environment.id, nowMs)).filter(({ retired }) => !retired);
  const { ruled, later, renamed, known } = await ruledOf(trx, rows, hosts, nowMs);
  for (const { host, rule } of renamed)
    await trx.updateTable('hosts').set({ parents_rule: rule }).where('id', '=', host).execute();
  await writeKnown(trx, known);
  const again = [...later];
  let fleet: Fleet | null = null;
  let hasBegun = false;
  for (const [rule, group] of Map.groupBy(ruled, (one) => one.rule)) {
    fleet ??= await readFleet(trx);
    const note = await beginFor({ root, trx, environment, fleet }, rule, group);
    if (note === null) hasBegun = true;
    else again.push(...group.map(({ host }) => host.id));
    await trx
      .updateTable('parent_rules')
      .set({ note })
      .where('environment', '=', environment.id)
      .where('name', '=', rule)
      .execute();
  }
  await dueFrom(trx, again, nowMs + parentRuleLimits.againMs);
  return hasBegun;
}

async function writeKnown(trx: Database, known: ReadonlyMap<string, KnownAddresses>): Promise<void> {
  for (const [host, { addresses, changedMs }] of known)
    await trx
      .updateTable('hosts')
      .set({ rule_addresses: JSON.stringify(addresses), rule_addresses_ms: changedMs })
      .where('id', '=', host)
      .execute();
}
