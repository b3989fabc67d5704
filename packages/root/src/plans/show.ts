import { demandsApproval, missingApprovals, timeOf } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Strategy } from '../api/schemas/deployments.ts';
import type { PlanDetail, PlanFound, PlanSummary } from '../api/schemas/plans.ts';
import type { Within } from '../auth/access.ts';
import { isFourEyes } from '../auth/four-eyes.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, type EnvironmentRow, fullName, refOf } from '../environments/names.ts';
import { countingWords } from './approvals.ts';
import { type KnownPlan, wordsOf } from './rows.ts';

/** What of a plan lies within what somebody reads; environments that do not are not in it. */
export function showSummary(
  { row, version }: KnownPlan,
  environments: readonly EnvironmentRow[],
  within: Within,
  nowMs: number,
): PlanSummary {
  const { document, digest, made_by, created_ms, expires_ms } = version;
  const named = document.stages.flatMap((stage) => stage.environments);
  const state = row.state === 'open' && expires_ms <= nowMs ? 'expired' : row.state;
  return {
    id: row.id,
    product: document.product,
    kind: document.kind,
    version: document.version,
    state: state as PlanSummary['state'],
    number: row.number,
    digest,
    environments: environments
      .filter((one) => within(one) && named.some(({ environment }) => environment === one.id))
      .map(refOf),
    by: made_by,
    created: timeOf(created_ms),
    expires: timeOf(expires_ms),
    ended: row.ended_by === null ? null : { by: row.ended_by, reason: row.reason },
  };
}

export async function showPlan(
  db: Database,
  known: KnownPlan,
  within: Within,
  nowMs: number,
): Promise<PlanDetail> {
  const { row, version } = known;
  const { document, foundIn } = version;
  const all = await allEnvironments(db);
  const stages: PlanDetail['stages'] = [];
  for (const { environments, approvals, strategy, ...stage } of document.stages) {
    const shown: PlanDetail['stages'][number]['environments'] = [];
    for (const { environment: id, facts } of environments) {
      const environment = all.find((one) => one.id === id);
      if (environment === undefined || !within(environment)) continue;
      shown.push({
        ...refOf(environment),
        facts,
        missing:
          row.state === 'started' ? [] : await missingIn(db, known, environment, approvals ?? [], nowMs),
        found: foundIn[id] as PlanFound,
      });
    }
    if (shown.length === 0) continue;
    stages.push({
      ...stage,
      ...(strategy === undefined ? {} : { strategy: structuredClone(strategy) as Strategy }),
      ...(approvals === undefined ? {} : { approvals: approvals.map((rule) => ({ ...rule })) }),
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
    skipUnfit: document.skipUnfit === true,
    purgeData: document.purgeData === true,
    change: document.change ?? null,
    stages,
    approvals: (await wordsOf(db, row)).map(({ said_by, said_ms, reason }) => ({
      by: said_by,
      at: timeOf(said_ms),
      reason,
    })),
    deployments: deployments.flatMap(({ id, environment, state }) => {
      const own = all.find((one) => one.id === environment);
      return own === undefined || !within(own) ? [] : [{ id, environment: refOf(own), state }];
    }),
  };
}

async function missingIn(
  db: Database,
  known: KnownPlan,
  environment: EnvironmentRow,
  stricter: NonNullable<KnownPlan['version']['document']['stages'][number]['approvals']>,
  nowMs: number,
): Promise<string[]> {
  const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
  const demand = { rules: [...(policy.approvals ?? []), ...stricter], fourEyes: policy.fourEyes === true };
  if (!demandsApproval(demand)) return [];
  const fourEyes = demand.fourEyes || (await isFourEyes(db));
  const words = await countingWords(db, known, environment, nowMs);
  return missingApprovals({ ...demand, fourEyes }, words, known.version.origin);
}
