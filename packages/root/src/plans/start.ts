import { type FactChange, factsDifference, factsDigest, XylemError } from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { candidateOf } from '../deployments/candidate.ts';
import { beginDeployment, type StartDeployment } from '../deployments/start.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import { countingWords, requireDigest } from './approvals.ts';
import { survey } from './facts.ts';
import { lockEnvironments, type PlanOptions } from './prepare.ts';
import { type KnownPlan, planLock, planNamed, requireFresh, requireOpen } from './rows.ts';

interface StartPlan {
  readonly id: string;
  /** The beginning of the digest that the caller means; absent: the present one. */
  readonly digest?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly who: string;
}

/**
 * Begins the first stage of a plan: all its deployments, or none.
 * @returns the ids of the deployments; none after a dry run
 * @throws XylemError E_NOT_FOUND, E_PLAN_STATE, E_PLAN_EXPIRED, E_PLAN_CHANGED, and that of the first closed gate
 */
export async function startPlan(options: PlanOptions, start: StartPlan): Promise<string[]> {
  const { db, clock } = options;
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, planLock(start.id));
    const known = await planNamed(trx, start.id);
    requireOpen(known.row);
    const nowMs = clock.now();
    requireFresh(known.version, nowMs);
    requireDigest(known, start.digest);
    const ids = await beginStage(trx, options, known, 0, start);
    if (start.dryRun !== true) {
      await trx
        .updateTable('plans')
        .set({ state: 'started', ended_by: start.who, updated_ms: nowMs })
        .where('id', '=', start.id)
        .execute();
    }
    return ids;
  });
}

/**
 * Begins one stage of a plan in a transaction that holds the plan's lock: its facts are what was approved, every gate
 * is open, and all its deployments begin, or none. Whether it is the stage's turn is the caller's to know.
 * @throws XylemError E_PLAN_CHANGED, and that of the first closed gate
 */
async function beginStage(
  trx: Database,
  options: Pick<PlanOptions, 'clock' | 'randomness'>,
  known: KnownPlan,
  index: number,
  { who, dryRun = false }: Pick<StartPlan, 'who' | 'dryRun'>,
): Promise<string[]> {
  const { row, version } = known;
  const { document } = version;
  const stage = document.stages[index];
  if (stage === undefined) throw new XylemError('E_INPUT', `The plan ${row.id} has no stage ${index + 1}.`);
  const nowMs = options.clock.now();
  const ids = stage.environments.map(({ environment }) => environment as string);
  await lockEnvironments(trx, ids);
  const rows = await trx.selectFrom('environments').selectAll().where('id', 'in', ids).execute();
  const changes: string[] = [];
  const begun: string[] = [];
  for (const { environment: id, name, facts } of stage.environments) {
    const environment = rows.find((one) => one.id === id);
    if (environment === undefined) throw new XylemError('E_NOT_FOUND', `There is no environment ${name}.`);
    const wanted = await startOf(trx, known, stage, environment, nowMs, { who, dryRun });
    const candidate = await candidateOf(trx, wanted, nowMs);
    const now = (await survey(trx, candidate, document.purgeData === true)).facts;
    if (factsDigest(now) !== facts) {
      const before = version.factsOf[id];
      changes.push(...changesText(name, before === undefined ? [] : factsDifference(before, now)));
      continue;
    }
    if (changes.length > 0) continue;
    const { id: deployment } = await beginDeployment(trx, options, wanted, candidate);
    if (!dryRun) begun.push(deployment);
  }
  if (changes.length > 0) throw changed(row.id, changes);
  return begun;
}

async function startOf(
  trx: Database,
  known: KnownPlan,
  stage: KnownPlan['version']['document']['stages'][number],
  environment: EnvironmentRow,
  nowMs: number,
  { who, dryRun }: { readonly who: string; readonly dryRun: boolean },
): Promise<StartDeployment> {
  const { document, digest, origin } = known.version;
  const { product, kind, version, skipUnfit, urgent, purgeData } = document;
  return {
    environment,
    kind,
    product,
    who,
    dryRun,
    ...(version === null ? {} : { version }),
    ...(stage.strategy === undefined ? {} : { strategy: stage.strategy }),
    ...(skipUnfit === undefined ? {} : { skipUnfit }),
    ...(urgent === undefined ? {} : { urgent }),
    ...(purgeData === undefined ? {} : { purgeData }),
    plan: {
      id: known.row.id,
      digest,
      author: origin,
      rules: stage.approvals ?? [],
      words: await countingWords(trx, known, environment, nowMs),
    },
  };
}

const mostTold = 10;

const changesText = (environment: string, changes: readonly FactChange[]): string[] =>
  changes.length === 0
    ? [`${environment}: something`]
    : changes.map(({ fact, from, to }) => `${environment}: ${fact} was ${from} and is ${to}`);

function changed(plan: string, changes: readonly string[]): XylemError {
  const more = changes.length > mostTold ? `; and ${changes.length - mostTold} more` : '';
  return new XylemError(
    'E_PLAN_CHANGED',
    `What the plan ${plan} was made for has changed: ${changes.slice(0, mostTold).join('; ')}${more}. Nothing was begun. \`xylem plan refresh ${plan}\` makes a new version, which is approved anew.`,
    { details: { plan, changes: changes.slice(0, 100) } },
  );
}
