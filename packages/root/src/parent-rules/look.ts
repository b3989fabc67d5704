import {
  checkHostMapEntry,
  hasParents,
  parentRuleLimits,
  type Report,
  wantedParents,
  XylemError,
} from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import { inParts } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { entryOf } from '../directing/compose.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { type HostRecord, isDueForRules, takeDueHosts } from '../hosts/host-rows.ts';
import { refuseLoops } from '../hosts/loops.ts';
import { newReparentingId, writeReparenting } from '../reparenting/begin.ts';
import { type Chosen, chosenForAll, refuseUnfit } from '../reparenting/choose.ts';
import { driveReparentings } from '../reparenting/drive.ts';
import { type Fleet, readFleet } from '../reparenting/fleet.ts';
import { outOfReach, reparentingLock, supersede } from '../reparenting/rows.ts';
import type { Root } from '../root.ts';
import { type ParentRuleRow, ruleOf, rulesIn } from './rows.ts';

/** Begins reparentings for hosts that are due and whose rules want other parents. Nothing else is read. */
export async function lookAtParentRules(root: Root): Promise<void> {
  if (root.restored.isRestored()) return;
  const { db, clock } = root;
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

/** A host with what a rule wants for it. */
interface Ruled {
  readonly host: HostRecord;
  readonly rule: string;
  readonly parents: readonly string[];
}

type Environment = Pick<EnvironmentRow, 'id' | 'tenant' | 'environment'>;

async function lookIn(root: Root, trx: Database, environment: Environment): Promise<boolean> {
  const nowMs = root.clock.now();
  await lockFor(trx, reparentingLock);
  await lockFor(trx, 'parents');
  const rows = await rulesIn(trx, environment.id);
  const hosts = (await takeDueHosts(trx, environment.id, nowMs)).filter(({ retired }) => !retired);
  const { ruled, later } = await ruledOf(trx, rows, hosts);
  let fleet: Fleet | null = null;
  let hasBegun = false;
  for (const [rule, group] of Map.groupBy(ruled, (one) => one.rule)) {
    fleet ??= await readFleet(trx);
    const note = await begin(root, trx, environment, fleet, rule, group);
    if (note === null) hasBegun = true;
    else later.push(...group.map(({ host }) => host.id));
    await trx
      .updateTable('parent_rules')
      .set({ note })
      .where('environment', '=', environment.id)
      .where('name', '=', rule)
      .execute();
  }
  await inParts(later, async (part) => {
    await trx
      .updateTable('hosts')
      .set({ rule_due_ms: nowMs + parentRuleLimits.againMs })
      .where('id', 'in', part)
      .execute();
    return [];
  });
  return hasBegun;
}

/** Whom the rules want elsewhere, and who can't be looked at yet. */
async function ruledOf(
  trx: Database,
  rows: readonly ParentRuleRow[],
  hosts: readonly HostRecord[],
): Promise<{ readonly ruled: readonly Ruled[]; readonly later: string[] }> {
  const rules = rows.map(ruleOf);
  const setMs = new Map(rows.map((row) => [row.name, row.set_ms]));
  const ids = hosts.map(({ id }) => id);
  const { busy, tried } = await outOfReach(trx, ids);
  const wasTried = new Set(
    tried
      .filter(({ rule, askedMs }) => askedMs >= (setMs.get(rule) ?? Number.POSITIVE_INFINITY))
      .map(({ host, rule }) => `${host} ${rule}`),
  );
  const urls = await addressesOf(
    trx,
    hosts.filter(({ serve }) => serve).map(({ id }) => id),
  );
  const ruled: Ruled[] = [];
  const later: string[] = [];
  for (const host of hosts) {
    const url = urls.get(host.id) ?? null;
    if (busy.has(host.id) || host.movingFrom !== null || (host.serve && url === null)) {
      later.push(host.id);
      continue;
    }
    const wanted = wantedParents(rules, { ...host, url });
    if (wanted === null || wasTried.has(`${host.id} ${wanted.rule}`)) continue;
    if (!hasParents(host, wanted.parents)) ruled.push({ host, ...wanted });
    else if (host.parentsRule !== wanted.rule)
      await trx.updateTable('hosts').set({ parents_rule: wanted.rule }).where('id', '=', host.id).execute();
  }
  return { ruled, later };
}

/** Where relays serve, as they report. */
async function addressesOf(db: Database, relays: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await inParts(relays, (part) =>
    db.selectFrom('reports').select(['host', 'document']).where('host', 'in', part).execute(),
  );
  return new Map(
    rows.flatMap(({ host, document }) => {
      const { serves } = JSON.parse(document) as Report;
      return serves === undefined ? [] : [[host, serves.url] as const];
    }),
  );
}

/** @returns why nothing was begun, or null */
async function begin(
  root: Root,
  trx: Database,
  environment: Environment,
  fleet: Fleet,
  rule: string,
  group: readonly Ruled[],
): Promise<string | null> {
  try {
    const choosing = { db: trx, tenant: root.config.tenant, fleet };
    const chosen: Chosen[] = [];
    for (const same of Map.groupBy(group, ({ parents }) => parents.join(' ')).values())
      chosen.push(
        ...chosenForAll(
          choosing,
          same.map(({ host }) => host),
          same[0]?.parents ?? [],
        ),
      );
    await refuseUnfit(choosing, chosen);
    const next = chosen.map(({ host, parents }) => ({ ...host, parents }));
    for (const host of next) checkHostMapEntry(host.name, entryOf(host));
    await refuseLoops(trx, next, (row) => fullName(row) === fullName(environment));
    await supersede(
      trx,
      chosen.map(({ host }) => host.id),
    );
    const who = `parent-rule/${rule}`;
    const meant = { chosen, relay: null, replacement: null };
    await writeReparenting(root, trx, { id: newReparentingId(root), kind: 'rule', rule, who, ...meant });
    return null;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}
