import {
  type ApprovalWord,
  approvalRulesOf,
  demandsApproval,
  missingApprovals,
  type PlanStage,
  XylemError,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { unhurried } from '@xylem/platform';
import { appendAudits } from '../audit/audit.ts';
import type { Who } from '../auth/api-tokens.ts';
import { isFourEyes } from '../auth/four-eyes.ts';
import { accountOf, ciOrigin, originOf } from '../auth/origin.ts';
import { whatStill } from '../auth/still-may.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, type EnvironmentRow, fullName } from '../environments/names.ts';
import type { PlanOptions } from './prepare.ts';
import {
  environmentsOf,
  type KnownPlan,
  planLock,
  planNamed,
  requireFresh,
  requireOpen,
  wordsOf,
} from './rows.ts';
import { tell } from './state.ts';

/** Those words about a plan's present version that count at this moment, by environment. */
export async function wordsNow(
  trx: Database,
  { row, version }: KnownPlan,
  nowMs: number,
): Promise<(environment: EnvironmentRow) => ApprovalWord[]> {
  const said: { readonly word: ApprovalWord; readonly may: Awaited<ReturnType<typeof whatStill>> }[] = [];
  for (const { origin, account, groups: named, digest } of await wordsOf(trx, row)) {
    if (digest !== version.digest || origin === ciOrigin) continue;
    const groups = JSON.parse(named) as string[];
    // A token speaks for who made it, and for none of their groups.
    said.push({ word: { origin, groups }, may: await whatStill(trx, { account, groups }, nowMs) });
  }
  return (environment) =>
    said.filter(({ may }) => may((access) => access.in('approve', environment))).map(({ word }) => word);
}

/** What of approvals is missing in the environments of a plan that was not started, by environment. */
export async function missingNow(
  db: Database,
  known: KnownPlan,
  nowMs: number,
): Promise<(environment: EnvironmentRow, stage: PlanStage) => string[]> {
  const words = await wordsNow(db, known, nowMs);
  const isDemanded = await isFourEyes(db);
  const { origin, document } = known.version;
  return (environment, stage) => {
    const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
    const rules = [...approvalRulesOf(policy, document.urgent === true), ...(stage.approvals ?? [])];
    const fourEyes = policy.fourEyes === true || stage.fourEyes === true;
    if (!demandsApproval({ rules, fourEyes })) return [];
    return missingApprovals({ rules, fourEyes: fourEyes || isDemanded }, words(environment), origin);
  };
}

/** In all of its environments, each sentence once; none: approved, or no approval is demanded. */
export async function missingOf(trx: Database, known: KnownPlan, nowMs: number): Promise<string[]> {
  const all = new Map((await allEnvironments(trx)).map((one) => [one.id, one]));
  const missingIn = await missingNow(trx, known, nowMs);
  const missing = new Set<string>();
  for (const stage of known.version.document.stages) {
    for await (const { environment: id } of unhurried(stage.environments, 20)) {
      const environment = all.get(id);
      if (environment === undefined) continue;
      for (const sentence of missingIn(environment, stage)) missing.add(sentence);
    }
  }
  return [...missing];
}

interface Said {
  readonly id: string;
  /** The beginning of the digest that was looked at; absent: the present one. */
  readonly digest?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * Somebody's approval of exactly the present version. Whether they may is the caller's to ask.
 * @throws XylemError E_NOT_FOUND, E_PLAN_STATE, E_PLAN_EXPIRED, E_PLAN_CHANGED (another digest), E_FORBIDDEN (a CI job)
 */
export async function approvePlan(options: PlanOptions, said: Said, who: Who): Promise<void> {
  await change(options, said, who, 'plan.approve', async (trx, known, origin, nowMs) => {
    const { row, version } = known;
    requireFresh(version, nowMs);
    const before = await missingOf(trx, known, nowMs);
    const values = {
      digest: version.digest,
      account: accountOf(who),
      groups: JSON.stringify(who.groups ?? []),
      said_by: who.name,
      reason: said.reason ?? null,
      said_ms: nowMs,
    };
    await trx
      .insertInto('plan_approvals')
      .values({ plan: row.id, number: row.number, origin, ...values })
      .onConflict((c) => c.columns(['plan', 'number', 'origin']).doUpdateSet(values))
      .execute();
    if (before.length > 0 && (await missingOf(trx, known, nowMs)).length === 0)
      await tell(trx, known, nowMs, { state: 'open', what: 'approved', reason: null, isOne: true });
  });
}

/** Closes a plan; a refresh opens it again. @throws XylemError E_NOT_FOUND, E_PLAN_STATE, E_PLAN_CHANGED */
export async function refusePlan(
  options: PlanOptions,
  said: Said & { readonly reason: string },
  who: Who,
): Promise<void> {
  await change(options, said, who, 'plan.refuse', async (trx, known, _origin, nowMs) => {
    const { reason } = said;
    await trx
      .updateTable('plans')
      .set({ state: 'refused', ended_by: who.name, reason, updated_ms: nowMs })
      .where('id', '=', known.row.id)
      .execute();
    await tell(trx, known, nowMs, { state: 'refused', what: 'refused', reason, isOne: true });
  });
}

async function change(
  { db, clock }: PlanOptions,
  { id, digest, reason }: Said,
  who: Who,
  what: 'plan.approve' | 'plan.refuse',
  act: (trx: Database, known: KnownPlan, origin: string, nowMs: number) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, planLock(id));
    const nowMs = clock.now();
    const known = await planNamed(trx, id);
    requireOpen(known.row);
    requireDigest(known, digest);
    const origin = await originOf(trx, who);
    if (origin === ciOrigin)
      throw new XylemError('E_FORBIDDEN', 'The word of a CI job counts for nothing here: a person says it.');
    await act(trx, known, origin, nowMs);
    const after = {
      number: known.row.number,
      digest: known.version.digest,
      ...(reason === undefined ? {} : { reason }),
    };
    await appendAudits(
      trx,
      nowMs,
      environmentsOf(known).map(({ environment }) => ({
        who: who.subject,
        what,
        subject: `plan/${id}`,
        environment,
        after,
      })),
    );
  });
}

/** What was looked at is what is meant. @throws XylemError E_PLAN_CHANGED */
export function requireDigest({ row, version }: KnownPlan, digest: string | undefined): void {
  if (digest === undefined || version.digest.startsWith(digest)) return;
  throw new XylemError(
    'E_PLAN_CHANGED',
    `The plan ${row.id} has the digest ${version.digest.slice(0, 12)} now (version ${row.number}), not ${digest.slice(0, 12)}. Look at it again: xylem plan show ${row.id}`,
  );
}
