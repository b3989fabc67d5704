import { checkHostMapEntry, mostFailedOf, reparentingLimits, XylemError } from '@xylem/core';
import type { HostSelection } from '../api/schemas/index.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Who } from '../auth/api-tokens.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { entryOf } from '../directing/compose.ts';
import { allEnvironments } from '../environments/names.ts';
import { refuseLoops } from '../hosts/loops.ts';
import { hostNamed, selectHosts } from '../hosts/select.ts';
import { silentAfterMs } from '../hosts/view.ts';
import type { Root } from '../root.ts';
import {
  type Chosen,
  childrenOf,
  chosenForAll,
  chosenForDrain,
  chosenForReplace,
  refuseUnfit,
  servingNode,
} from './choose.ts';
import { driveReparentings } from './drive.ts';
import { type FleetNode, readFleet } from './fleet.ts';
import { refuseReparenting, reparentingLock, supersede } from './rows.ts';

/** What is asked for. */
export type ReparentingWanted =
  | { readonly kind: 'move'; readonly select: HostSelection; readonly parents: readonly string[] }
  | { readonly kind: 'drain'; readonly relay: string; readonly to: readonly string[] }
  | { readonly kind: 'replace'; readonly relay: string; readonly by: string };

export interface ReparentingTerms {
  readonly firstBatch?: number | undefined;
  readonly mostFailed?: number | undefined;
  readonly dryRun: boolean;
  readonly who: Who;
}

export const newReparentingId = ({ randomness }: Pick<Root, 'randomness'>): string =>
  `rp-${randomness.bytes(6).toString('hex')}`;

interface Meant {
  readonly chosen: readonly Chosen[];
  readonly relay: string | null;
  readonly replacement: string | null;
}

/** @returns the id of the reparenting (null: a dry run, or nothing to do), and the hosts that it means */
export async function beginReparenting(
  root: Root,
  wanted: ReparentingWanted,
  terms: ReparentingTerms,
): Promise<{ readonly id: string | null; readonly chosen: readonly Chosen[] }> {
  const { dryRun, who } = terms;
  const id = newReparentingId(root);
  const made = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, reparentingLock);
    await lockFor(trx, 'parents');
    const meant = await meantBy(root, trx, wanted, who);
    const { chosen } = meant;
    const next = chosen.map(({ host, parents }) => ({ ...host, parents }));
    for (const host of next) checkHostMapEntry(host.name, entryOf(host));
    await refuseLoops(trx, next, who.access.within('read'));
    const ids = chosen.map(({ host }) => host.id);
    await refuseReparenting(trx, ids);
    if (dryRun || (chosen.length === 0 && meant.relay === null)) return { id: null, chosen };
    await supersede(trx, ids);
    await writeReparenting(root, trx, {
      id,
      kind: wanted.kind,
      ...meant,
      ...terms,
      who: who.name,
      rule: null,
    });
    return { id, chosen };
  });
  if (made.id !== null) await driveReparentings(root);
  return made;
}

async function meantBy(root: Root, trx: Database, wanted: ReparentingWanted, who: Who): Promise<Meant> {
  const { tenant } = root.config;
  const within = who.access.within('operate');
  const fleet = await readFleet(trx);
  const nowMs = root.clock.now();
  const isSilent = ({ host, receivedMs }: FleetNode): boolean => {
    const everySeconds = root.directing.state(host.environment)?.policy.reportEverySeconds ?? 3_600;
    return receivedMs === null || nowMs - receivedMs > silentAfterMs(everySeconds);
  };
  const choosing = { db: trx, tenant, fleet, isSilent };
  if (wanted.kind === 'move') {
    const hosts = await selectHosts(trx, wanted.select, { tenant, within });
    if (hosts.length === 0) throw new XylemError('E_NOT_FOUND', 'The selection fits no host.');
    const chosen = chosenForAll(choosing, hosts, wanted.parents);
    await refuseUnfit(choosing, chosen);
    return { chosen, relay: null, replacement: null };
  }
  const relay = servingNode(fleet, await hostNamed(trx, wanted.relay, within));
  const children = childrenOf(fleet, relay);
  const own = new Set((await allEnvironments(trx)).filter(within).map((row) => row.id));
  if (children.some(({ host }) => !own.has(host.environment)))
    throw new XylemError(
      'E_FORBIDDEN',
      `${relay.host.name} has children in environments that you do not operate. Ask who operates all of them.`,
      { details: { permission: 'operate' } },
    );
  if (wanted.kind === 'drain') {
    const chosen = await chosenForDrain(choosing, relay, children, wanted.to);
    await refuseUnfit(choosing, chosen);
    return { chosen, relay: relay.host.id, replacement: null };
  }
  const by = servingNode(fleet, await hostNamed(trx, wanted.by, within));
  if (by.host.id === relay.host.id) throw new XylemError('E_INPUT', 'A relay is replaced by another one.');
  const chosen = chosenForReplace(choosing, relay, by, children);
  await refuseUnfit(choosing, chosen);
  return { chosen, relay: relay.host.id, replacement: by.host.id };
}

interface NewReparenting extends Meant, Pick<ReparentingTerms, 'firstBatch' | 'mostFailed'> {
  readonly id: string;
  readonly kind: ReparentingWanted['kind'] | 'rule';
  readonly rule: string | null;
  readonly who: string;
}

/** Writes it down with its hosts; they go when it is driven next. */
export async function writeReparenting(
  root: Pick<Root, 'clock' | 'randomness'>,
  trx: Database,
  { id, kind, rule, chosen, relay, replacement, firstBatch, mostFailed, who }: NewReparenting,
): Promise<void> {
  const nowMs = root.clock.now();
  const failures = mostFailed ?? mostFailedOf(chosen.length);
  await trx
    .insertInto('reparentings')
    .values({
      id,
      kind,
      relay,
      replacement,
      state: 'running',
      ends_as: null,
      go_order: root.randomness.bytes(16).toString('hex'),
      back_order: root.randomness.bytes(16).toString('hex'),
      batch: 0,
      waited_ms: 0,
      looked_ms: nowMs,
      first_batch: firstBatch ?? reparentingLimits.firstBatch,
      most_failed: failures,
      asked_by: who,
      asked_ms: nowMs,
      ended_ms: null,
      note: null,
      rule,
    })
    .execute();
  const tenants = new Map((await allEnvironments(trx)).map((row) => [row.id, row.tenant]));
  for (const { host, parents, rank } of chosen)
    await trx
      .insertInto('reparented_hosts')
      .values({
        reparenting: id,
        host: host.id,
        tenant: tenants.get(host.environment) ?? '',
        rank,
        state: 'waiting',
        batch: null,
        parents: JSON.stringify(parents),
        former: JSON.stringify(host.parents),
        former_rule: host.parentsRule,
        code: null,
        message: null,
      })
      .execute();
  if (relay !== null)
    await trx.updateTable('hosts').set({ drained_ms: nowMs }).where('id', '=', relay).execute();
  const byEnvironment = Map.groupBy(chosen, ({ host }) => host.environment);
  for (const [environment, hosts] of byEnvironment)
    await appendAudit(trx, nowMs, {
      who,
      what: `reparenting.${kind}`,
      subject: `reparenting/${id}`,
      environment,
      after: {
        relay,
        replacement,
        mostFailed: failures,
        hosts: hosts.map(({ host, parents }) => ({ id: host.id, from: host.parents, parents })),
      },
    });
}
