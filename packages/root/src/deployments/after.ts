import {
  type AfterEvidence,
  type AfterHost,
  type AfterWatch,
  type Deployment,
  type EnvironmentPolicy,
  type HostEvidence,
  type HostId,
  type LookedAfter,
  lookAfterBy,
  probesFrom,
} from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { probesAtBegin } from '../verification/befores.ts';
import { type AskedOnHosts, askedOnHosts } from '../verification/on-hosts.ts';
import { resultsOf } from '../verification/rows.ts';
import { auditEnd } from './audit-end.ts';
import type { DeployingOptions } from './deploying.ts';
import { appendEvent } from './events.ts';
import { judge, readFleet } from './judge.ts';
import { type DeploymentRow, deployingLock } from './rows.ts';
import { setUndoDue } from './undo.ts';
import type { WatchRecords } from './watch-records.ts';

/** Begins to look after a deployment, in the transaction in which it succeeds. A way back is not looked after. */
export async function beginWatch(
  trx: Database,
  { id, environment, kind }: Deployment,
  { watch, maxUnavailable }: Pick<EnvironmentPolicy, 'watch' | 'maxUnavailable'>,
  nowMs: number,
): Promise<void> {
  if (watch === undefined || kind !== 'deploy') return;
  const { seconds, maxFailed = null, onFail = 'report' } = watch;
  const until = nowMs + seconds * 1000;
  const { probes } = await probesAtBegin(trx, id);
  const document: AfterWatch = {
    since: nowMs,
    until,
    maxFailed,
    maxUnavailable,
    onFail,
    badSince: null,
    ...(probes.length === 0 ? {} : { probes }),
  };
  await trx
    .insertInto('deployment_watches')
    .values({
      deployment: id,
      environment,
      state: 'watching',
      document: JSON.stringify(document),
      seen: null,
      reason: null,
      ended_ms: null,
      recorded: null,
    })
    .execute();
}

export async function environmentsWatched(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('deployment_watches')
    .select('environment')
    .distinct()
    .where('state', '=', 'watching')
    .execute();
  return rows.map((row) => row.environment);
}

/** Looks after what has succeeded in an environment. One that fails is marked to be undone where policy says so. */
export async function lookAfterAll(
  options: DeployingOptions,
  records: WatchRecords,
  environment: string,
): Promise<void> {
  const rows = await options.db
    .selectFrom('deployments as d')
    .innerJoin('deployment_watches as w', 'w.deployment', 'd.id')
    .selectAll('d')
    .where('w.environment', '=', environment)
    .where('w.state', '=', 'watching')
    .orderBy('d.sequence')
    .execute();
  for (const row of rows) await lookAfterOne(options, records, row);
}

async function lookAfterOne(
  { db, clock, events }: DeployingOptions,
  records: WatchRecords,
  row: DeploymentRow,
): Promise<void> {
  const nowMs = clock.now();
  const known = await evidenceAfter(db, row, nowMs);
  const hasEnded = await db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(row.environment));
    const present = await trx
      .selectFrom('deployment_watches')
      .select(['document', 'seen'])
      .where('deployment', '=', row.id)
      .where('state', '=', 'watching')
      .executeTakeFirst();
    // Another look has ended it meanwhile.
    if (present === undefined) return false;
    const watch = JSON.parse(present.document) as AfterWatch;
    const newer = await newerThan(trx, row);
    const evidence = newer === null ? known : { ...known, newer };
    const said = lookAfterBy(watch, evidence, nowMs);
    const record = await records.append(trx, row.id, { watch, evidence, nowMs, said });
    await save(trx, row.id, present, said, record?.number ?? null, nowMs);
    const { look, seen, failed: hosts } = said;
    if (look.kind === 'watching') return false;
    const end = { is: `watch-${look.kind}`, was: 'watching', reason: look.reason };
    await auditEnd(trx, row, end, record, nowMs);
    if (look.kind === 'failed' && watch.onFail === 'rollback') await setUndoDue(trx, row.id, true);
    const details = { watch, seen, at: nowMs, hosts, evidence: record?.digest ?? null };
    await appendEvent(trx, row.id, nowMs, { kind: `watch-${look.kind}`, message: look.reason, details });
    return true;
  });
  if (hasEnded) events.announce(row.id);
}

async function evidenceAfter(db: Database, row: DeploymentRow, nowMs: number): Promise<AfterEvidence> {
  const fleet = await readFleet(db, row.environment, nowMs);
  const { deployment, evidence, policy, rules } = await judge(db, row, fleet, nowMs);
  const { verify = [] } = rules;
  const asked = askedOnHosts(fleet, verify, policy.offlineAfterMs, nowMs);
  const { onHosts: before } = await probesAtBegin(db, row.id);
  return {
    deployment,
    policy,
    hosts: afterHosts(evidence, asked),
    before,
    asked: asked.map(({ of }) => of),
    probes: await resultsOf(db, row.environment, probesFrom(verify, 'root')),
  };
}

function afterHosts(evidence: readonly HostEvidence[], asked: readonly AskedOnHosts[]): AfterHost[] {
  const known = new Map<string, AfterHost>(evidence.map((one) => [one.id, { id: one.id, evidence: one }]));
  for (const { of, words } of asked)
    for (const { host, hostName: _name, ...said } of words) {
      const before = known.get(host) ?? { id: host as HostId };
      known.set(host, { ...before, asks: { ...said, of: [...(before.asks?.of ?? []), of] } });
    }
  return [...known.values()];
}

async function newerThan(trx: Database, { environment, product, sequence }: DeploymentRow) {
  const row = await trx
    .selectFrom('deployments')
    .select('id')
    .where('environment', '=', environment)
    .where('product', '=', product)
    .where('sequence', '>', sequence)
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

async function save(
  trx: Database,
  deployment: string,
  present: { readonly document: string; readonly seen: string | null },
  { look, seen: sight }: LookedAfter,
  recorded: number | null,
  nowMs: number,
): Promise<void> {
  const seen = JSON.stringify(sight);
  const document = look.kind === 'watching' ? JSON.stringify(look.watch) : present.document;
  if (look.kind === 'watching' && document === present.document && seen === present.seen) return;
  await trx
    .updateTable('deployment_watches')
    .set({
      state: look.kind,
      document,
      seen,
      ...(recorded === null ? {} : { recorded }),
      ...(look.kind === 'watching' ? {} : { reason: look.reason, ended_ms: nowMs }),
    })
    .where('deployment', '=', deployment)
    .execute();
}
