import {
  type AfterLook,
  type AfterSeen,
  type AfterWatch,
  compareOnHosts,
  type Deployment,
  type EnvironmentPolicy,
  isEligible,
  lookAfter,
  probesFrom,
  standingOf,
} from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { probesAtBegin } from '../verification/befores.ts';
import { type AskedOnHosts, askedOnHosts } from '../verification/on-hosts.ts';
import { resultsOf } from '../verification/rows.ts';
import type { DeployingOptions } from './deploying.ts';
import { appendEvent } from './events.ts';
import { judge, readFleet } from './judge.ts';
import { type DeploymentRow, deployingLock } from './rows.ts';
import { setUndoDue } from './undo.ts';

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
export async function lookAfterAll(options: DeployingOptions, environment: string): Promise<void> {
  const rows = await options.db
    .selectFrom('deployments as d')
    .innerJoin('deployment_watches as w', 'w.deployment', 'd.id')
    .selectAll('d')
    .where('w.environment', '=', environment)
    .where('w.state', '=', 'watching')
    .orderBy('d.sequence')
    .execute();
  for (const row of rows) await lookAfterOne(options, row);
}

async function lookAfterOne({ db, clock, events }: DeployingOptions, row: DeploymentRow): Promise<void> {
  const nowMs = clock.now();
  const fleet = await readFleet(db, row.environment, nowMs);
  const { deployment, evidence, policy, rules } = await judge(db, row, fleet, nowMs);
  const { verify = [] } = rules;
  const asked = askedOnHosts(fleet, verify, policy.offlineAfterMs, nowMs);
  const { onHosts, failing } = await comparedOnHosts(db, row.id, asked);
  const eligible = evidence.filter(isEligible);
  const failed = eligible.filter(
    (host) => failing.has(host.id) || standingOf(deployment, host, nowMs, policy) === 'failed',
  );
  const unheard = eligible.filter(
    ({ lastReport, lastSeen }) => nowMs - Math.max(lastReport ?? 0, lastSeen ?? 0) > policy.offlineAfterMs,
  );
  const probes = await resultsOf(db, row.environment, probesFrom(verify, 'root'));
  const seen = {
    eligible: eligible.length,
    failed: failed.length,
    unheard: unheard.length,
    ...(probes.length === 0 ? {} : { probes }),
    ...(onHosts.length === 0 ? {} : { onHosts }),
  };
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
    const look = newer === null ? lookAfter(watch, seen, nowMs) : superseded(newer);
    await save(trx, row.id, present, look, seen, nowMs);
    if (look.kind === 'watching') return false;
    // By these the decision can be made again: `lookAfter(watch, seen, at)`.
    const hosts = [...new Set([...failed.map(({ id }) => id), ...failing])].slice(0, 100);
    const details = { watch, seen, at: nowMs, hosts };
    await appendEvent(trx, row.id, nowMs, { kind: `watch-${look.kind}`, message: look.reason, details });
    if (look.kind === 'failed' && watch.onFail === 'rollback') await setUndoDue(trx, row.id, true);
    return true;
  });
  if (hasEnded) events.announce(row.id);
}

/** A probe that is another one since the deployment began is not compared. */
async function comparedOnHosts(db: Database, deployment: string, asked: readonly AskedOnHosts[]) {
  const { onHosts: before } = await probesAtBegin(db, deployment);
  const compared = asked.flatMap(({ of, words }) =>
    before.filter((one) => one.of === of).map((one) => compareOnHosts(one, words)),
  );
  return {
    onHosts: compared.map(({ seen }) => seen),
    failing: new Set(compared.flatMap((one) => one.failing)),
  };
}

type Ended = { readonly kind: 'superseded'; readonly reason: string };

const superseded = (newer: string): Ended => ({
  kind: 'superseded',
  reason: `The watch ended: ${newer} was started meanwhile.`,
});

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
  look: AfterLook | Ended,
  sight: AfterSeen,
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
      ...(look.kind === 'watching' ? {} : { reason: look.reason, ended_ms: nowMs }),
    })
    .where('deployment', '=', deployment)
    .execute();
}
