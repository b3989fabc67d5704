import { type PlanStage, planProbeName, statedProbes, timeOf } from '@xylem/core';
import { unhurried } from '@xylem/platform';
import type { Strategy } from '../api/schemas/deployments.ts';
import type { PlanFound } from '../api/schemas/plan-found.ts';
import type { PlanDetail, PlanSummary } from '../api/schemas/plans.ts';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, type EnvironmentRow, refOf } from '../environments/names.ts';
import { planResults } from '../verification/plan-probes.ts';
import { shownResult } from '../verification/shown.ts';
import { missingNow } from './approvals.ts';
import { hostsSaid } from './hosts-said.ts';
import { environmentsOf, foundIn, hasBegun, type KnownPlan, wordsOf } from './rows.ts';
import { nextOf, standingsOf } from './show-run.ts';
import { shownTests } from './show-tests.ts';

/** What of a plan lies within what somebody reads; environments that do not are not in it. */
export function showSummary(
  { row, version }: KnownPlan,
  environments: readonly EnvironmentRow[],
  within: Within,
  nowMs: number,
): PlanSummary {
  const { document, digest, made_by, created_ms, expires_ms } = version;
  const named = new Set<string>(environmentsOf({ row, version }).map(({ environment }) => environment));
  const shown = environments.filter((one) => named.has(one.id) && within(one));
  // What a plan says of itself names environments.
  const reason = row.state === 'refused' || shown.length === named.size ? row.reason : null;
  const state = row.state === 'open' && expires_ms <= nowMs ? 'expired' : row.state;
  return {
    id: row.id,
    product: document.product,
    kind: document.kind,
    version: document.version,
    state: state as PlanSummary['state'],
    number: row.number,
    digest,
    environments: shown.map(refOf),
    by: made_by,
    created: timeOf(created_ms),
    expires: timeOf(expires_ms),
    ended: row.ended_by === null ? null : { by: row.ended_by, reason },
  };
}

async function shownVerification(
  db: Database,
  plan: string,
  stage: number,
  { probes, seconds }: NonNullable<PlanStage['verification']>,
): Promise<PlanDetail['stages'][number]['verification'] & object> {
  const own = statedProbes(probes);
  const results = own.length === 0 ? [] : await planResults(db, plan, stage);
  const stated = own.map((probe) => {
    const last = results.find(({ name }) => name === probe.name);
    return { probe: { ...probe }, last: last === undefined ? null : shownResult(last) };
  });
  return { probes: probes.map(planProbeName), seconds, ...(stated.length === 0 ? {} : { stated }) };
}

export async function showPlan(
  db: Database,
  known: KnownPlan,
  within: Within,
  nowMs: number,
): Promise<PlanDetail> {
  const { row, version } = known;
  const { document } = version;
  const all = await allEnvironments(db);
  const rowOf = new Map(all.map((one) => [one.id, one]));
  const runs = await standingsOf(db, known, nowMs);
  const found = await foundIn(db, version);
  const said = await hostsSaid(
    db,
    row.id,
    environmentsOf(known).map(({ environment }) => environment),
  );
  const missing = hasBegun(row) ? () => [] : await missingNow(db, known, nowMs);
  const stages: PlanDetail['stages'] = [];
  for (const [index, written] of document.stages.entries()) {
    const { environments, approvals, gates, strategy, verification, windows, freezes, tests, ...stage } =
      written;
    const runsOf = await shownTests(db, known, index, within);
    const shown: PlanDetail['stages'][number]['environments'] = [];
    for await (const { environment: id, facts } of unhurried(environments, 20)) {
      const environment = rowOf.get(id);
      if (environment === undefined || !within(environment)) continue;
      shown.push({
        ...refOf(environment),
        facts,
        missing: missing(environment, written),
        ...runs.of(id),
        preflights: said.get(id) ?? null,
        ...(tests === undefined ? {} : { tests: runsOf.get(id) ?? [] }),
        found: found[id] as PlanFound,
      });
    }
    if (shown.length === 0) continue;
    stages.push({
      ...stage,
      ...(verification === undefined
        ? {}
        : { verification: await shownVerification(db, row.id, index, verification) }),
      ...(strategy === undefined ? {} : { strategy: structuredClone(strategy) as Strategy }),
      ...(approvals === undefined ? {} : { approvals: approvals.map((rule) => ({ ...rule })) }),
      ...(gates === undefined
        ? {}
        : { gates: structuredClone(gates) as PlanDetail['stages'][number]['gates'] & object }),
      ...(tests === undefined
        ? {}
        : { tests: structuredClone(tests) as PlanDetail['stages'][number]['tests'] & object }),
      ...(windows === undefined ? {} : { windows: windows.map((period) => ({ ...period })) }),
      ...(freezes === undefined ? {} : { freezes: freezes.map((period) => ({ ...period })) }),
      standing: shown.length === environments.length ? runs.standing(index) : null,
      environments: shown,
    });
  }
  const deployments = await db
    .selectFrom('deployments')
    .select(['id', 'environment', 'state'])
    .where('plan', '=', row.id)
    .orderBy('sequence')
    .execute();
  return {
    ...showSummary(known, all, within, nowMs),
    urgent: document.urgent === true,
    why: document.why ?? null,
    passes: [...(document.passes ?? [])],
    forces: [...(document.forces ?? [])],
    deadlineSeconds: document.deadlineSeconds ?? null,
    skipUnfit: document.skipUnfit === true,
    purgeData: document.purgeData === true,
    change: document.change ?? null,
    notify: (structuredClone(document.notify) as PlanDetail['notify']) ?? null,
    stages,
    next: nextOf(known, runs.step, stages),
    approvals: (await wordsOf(db, row)).map(({ said_by, said_ms, reason }) => ({
      by: said_by,
      at: timeOf(said_ms),
      reason,
    })),
    deployments: deployments.flatMap(({ id, environment, state }) => {
      const own = rowOf.get(environment);
      return own === undefined || !within(own) ? [] : [{ id, environment: refOf(own), state }];
    }),
  };
}
