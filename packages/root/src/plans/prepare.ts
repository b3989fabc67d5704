import {
  type EnvironmentId,
  encodePlan,
  factsDigest,
  lifetimes,
  type Plan,
  type PlanFacts,
  type PlanStage,
  planDigest,
  ringRules,
  type Version,
} from '@xylem/core';
import { unhurried } from '@xylem/platform';
import type { PlanFound } from '../api/schemas/plan-found.ts';
import { appendAudits } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { candidateOf } from '../deployments/candidate.ts';
import { deployingLock } from '../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { askTickets } from '../tickets/ask.ts';
import { insertPlanProbes } from '../verification/plan-probes.ts';
import { survey } from './facts.ts';
import { findOut } from './found.ts';
import { refuseUnknownPasses } from './holds.ts';
import { wantsTicket } from './tickets.ts';
import type { KnownTravels } from './travel.ts';
import { tellWaiting } from './waiting.ts';

export type PlanOptions = Pick<Root, 'db' | 'clock' | 'randomness' | 'repository'>;

/** What somebody wants to plan; a stage's environments are named by their rows. */
export interface WantedPlan extends Omit<Plan, 'format' | 'release' | 'stages' | 'version'> {
  readonly version: string | null;
  readonly stages: readonly WantedStage[];
}
export interface WantedStage extends Omit<PlanStage, 'environments'> {
  readonly environments: readonly EnvironmentRow[];
}

/** Who makes a version of a plan. */
export interface PlanAuthor {
  /** As the audit log names them. */
  readonly by: string;
  /** As whom they count: `auth/origin.ts`. */
  readonly origin: string;
  /** Whether the plan's own probes may go to networks inside; absent: no. */
  readonly mayAskInside?: boolean;
}

/** What is computed about a plan before it is stored. */
export interface PreparedPlan {
  readonly document: Plan;
  readonly facts: Readonly<Record<string, PlanFacts>>;
  readonly found: Readonly<Record<string, PlanFound>>;
}

/**
 * Looks at everything and stores it as a new plan; moves nothing.
 * @returns its id
 * @throws XylemError E_NOT_FOUND, E_RELEASE_RETIRED, E_WITHDRAWN, E_INPUT (nothing to undeploy, names that are nowhere), E_DOCUMENT_INVALID
 */
export async function preparePlan(
  options: PlanOptions,
  wanted: WantedPlan,
  author: PlanAuthor,
): Promise<string> {
  const id = `p-${options.randomness.bytes(6).toString('hex')}`;
  const nowMs = options.clock.now();
  // Outside of any transaction and lock: what it reads is read again when the plan is started.
  const prepared = await preparedPlan(options, id, wanted, author, nowMs);
  await options.db.transaction().execute((trx) => insertPlan(trx, id, prepared, author, nowMs));
  return id;
}

/** One after the other, in one order for everybody. */
export async function lockEnvironments(trx: Database, ids: readonly string[]): Promise<void> {
  for (const id of [...new Set(ids)].sort()) await lockFor(trx, deployingLock(id));
}

async function insertPlan(
  trx: Database,
  id: string,
  prepared: PreparedPlan,
  author: PlanAuthor,
  nowMs: number,
): Promise<void> {
  const { product } = prepared.document;
  await trx
    .insertInto('plans')
    .values({
      id,
      product,
      state: 'open',
      number: 1,
      created_ms: nowMs,
      updated_ms: nowMs,
      ended_by: null,
      reason: null,
      started_by: null,
      started_why: null,
      started_account: null,
      started_groups: null,
      confirmed: null,
    })
    .execute();
  await insertVersion(trx, id, 1, prepared, author, nowMs);
  await insertPlanProbes(trx, id, prepared.document, author.mayAskInside === true);
  await tellWaiting(trx, id, nowMs);
}

const notBegun = {
  waits_code: null,
  waits: null,
  back: null,
  back_by: null,
  back_why: null,
  back_deployment: null,
  back_kept: null,
};

/** Stores a version of a plan and says so in the audit log, once for each environment. */
export async function insertVersion(
  trx: Database,
  plan: string,
  number: number,
  { document, facts, found }: PreparedPlan,
  { by, origin }: PlanAuthor,
  nowMs: number,
): Promise<void> {
  const digest = planDigest(document);
  await trx
    .insertInto('plan_versions')
    .values({
      plan,
      number,
      digest,
      document: Buffer.from(encodePlan(document)).toString(),
      facts: JSON.stringify(facts),
      found: JSON.stringify(found),
      made_by: by,
      origin,
      created_ms: nowMs,
      expires_ms: nowMs + lifetimes.planMs,
    })
    .execute();
  const rows = document.stages.flatMap(({ environments }, stage) =>
    environments.map(({ environment }) => ({ plan, environment, stage, ...notBegun })),
  );
  for (let at = 0; at < rows.length; at += rowsAtOnce)
    await trx
      .insertInto('plan_environments')
      .values(rows.slice(at, at + rowsAtOnce))
      .onConflict((c) =>
        c.columns(['plan', 'environment']).doUpdateSet((e) => ({ stage: e.ref('excluded.stage') })),
      )
      .execute();
  const after = { product: document.product, version: document.version, number, digest };
  await appendAudits(
    trx,
    nowMs,
    rows.map(({ environment }) => ({
      who: by,
      what: 'plan.prepare',
      subject: `plan/${plan}`,
      environment,
      after,
    })),
  );
}

/** Of one insert: a database takes so many values at once. */
const rowsAtOnce = 500;

/** Reads and computes all that a version of a plan says. Writes nothing. */
export async function preparedPlan(
  options: PlanOptions,
  id: string,
  { stages, version, ...wanted }: WantedPlan,
  { origin }: PlanAuthor,
  nowMs: number,
): Promise<PreparedPlan> {
  const { db } = options;
  const facts: Record<string, PlanFacts> = {};
  const found: Record<string, PlanFound> = {};
  let release: Plan['release'] = null;
  const written: PlanStage[] = [];
  if (wanted.change !== undefined)
    await askTickets(
      options,
      stages.flatMap((stage) => stage.environments.filter((row) => wantsTicket(stage, row))),
      { change: wanted.change, kind: wanted.kind, product: wanted.product, version },
    );
  const travels: KnownTravels = new Map();
  for (const { environments, ...stage } of stages) {
    const entries: PlanStage['environments'][number][] = [];
    const sorted = [...environments].sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1));
    for await (const environment of unhurried(sorted)) {
      const candidate = await candidateOf(
        db,
        {
          environment,
          kind: wanted.kind,
          product: wanted.product,
          ...(version === null ? {} : { version }),
          ...(wanted.skipUnfit === true ? { skipUnfit: true } : {}),
          ...(wanted.urgent === true ? { urgent: true } : {}),
          ...(wanted.why === undefined ? {} : { why: wanted.why }),
          ...(wanted.passes === undefined ? {} : { passes: wanted.passes }),
          ...(wanted.forces === undefined ? {} : { forces: wanted.forces }),
          ...(wanted.change === undefined ? {} : { change: wanted.change }),
          plan: {
            id,
            digest: '',
            author: origin,
            rules: stage.approvals ?? [],
            fourEyes: stage.fourEyes === true,
            gates: stage.gates ?? {},
            words: [],
          },
        },
        nowMs,
      );
      release = candidate.target?.digest ?? null;
      const surveyed = await survey(db, candidate, wanted.purgeData === true);
      facts[environment.id] = surveyed.facts;
      found[environment.id] = await findOut(options, surveyed, {
        ring: ringRules(stage),
        travels,
        ...(stage.strategy === undefined ? {} : { strategy: stage.strategy }),
      });
      entries.push({
        environment: environment.id as EnvironmentId,
        name: fullName(environment),
        facts: factsDigest(surveyed.facts),
      });
    }
    written.push({ ...stage, environments: entries });
  }
  refuseUnknownPasses(wanted.passes ?? [], Object.values(found));
  const document: Plan = {
    format: 'xylem-plan-1',
    ...wanted,
    version: version as Version | null,
    release,
    stages: written,
  };
  return { document, facts, found };
}
