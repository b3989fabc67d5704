import {
  type ApprovalWord,
  type FactChange,
  factsDifference,
  factsDigest,
  type PlanEnvironment,
  ringRules,
  XylemError,
} from '@xylem/core';
import { unhurried } from '@xylem/platform';
import { stillMay } from '../auth/still-may.ts';
import type { Database } from '../db/tables.ts';
import { candidateOf } from '../deployments/candidate.ts';
import { beginDeployment, type StartDeployment } from '../deployments/start.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import { wordsNow } from './approvals.ts';
import { survey } from './facts.ts';
import { lockEnvironments, type PlanOptions } from './prepare.ts';
import { factsOf, hasBegun, type KnownPlan } from './rows.ts';

interface Begin {
  readonly stage: number;
  readonly environments: readonly PlanEnvironment[];
  readonly who: string;
  /** What is urgent begins in a frozen environment by it. */
  readonly why?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/**
 * Begins a plan in some environments of a stage, in a transaction that holds the plan's lock: the facts are what was
 * approved, every gate is open, and all these deployments begin, or none. Whether it is their turn is the caller's to
 * know.
 * @throws XylemError E_PLAN_CHANGED, E_FORBIDDEN (who started it may no more), and that of the first closed gate
 */
export async function beginIn(
  trx: Database,
  options: Pick<PlanOptions, 'clock' | 'randomness'>,
  known: KnownPlan,
  { stage: index, environments, who, why, dryRun = false }: Begin,
): Promise<string[]> {
  const { row, version } = known;
  const { document } = version;
  const stage = document.stages[index];
  if (stage === undefined) throw new XylemError('E_INPUT', `The plan ${row.id} has no stage ${index + 1}.`);
  const nowMs = options.clock.now();
  const ids = environments.map(({ environment }) => environment as string);
  await lockEnvironments(trx, ids);
  const found = await trx.selectFrom('environments').selectAll().where('id', 'in', ids).execute();
  const rows = new Map(found.map((row) => [row.id, row]));
  const said = await wordsNow(trx, known, nowMs);
  let before: Awaited<ReturnType<typeof factsOf>> | undefined;
  const changes: string[] = [];
  const begun: string[] = [];
  for await (const { environment: id, name, facts } of unhurried(environments)) {
    const environment = rows.get(id);
    if (environment === undefined) throw new XylemError('E_NOT_FOUND', `There is no environment ${name}.`);
    await requireStarter(trx, known, environment, nowMs);
    const words = said(environment);
    const wanted = startOf(known, stage, environment, { who, why, dryRun, words });
    const candidate = await candidateOf(trx, wanted, nowMs);
    const now = (await survey(trx, candidate, document.purgeData === true)).facts;
    if (factsDigest(now) !== facts) {
      before ??= await factsOf(trx, version);
      const own = before[id];
      changes.push(...changesText(name, own === undefined ? [] : factsDifference(own, now)));
      continue;
    }
    if (changes.length > 0) continue;
    const { id: deployment } = await beginDeployment(trx, options, wanted, candidate);
    if (!dryRun) begun.push(deployment);
  }
  if (changes.length > 0) throw changed(known, changes);
  return begun;
}

/** Nobody's plan goes on where they lost their say meanwhile. @throws XylemError E_FORBIDDEN */
export async function requireStarter(
  trx: Database,
  { row }: KnownPlan,
  environment: EnvironmentRow,
  nowMs: number,
): Promise<void> {
  const { started_account: account, started_groups: groups, started_by: name, id } = row;
  // A token's time may be over long before the last stage; it is what its maker said when it was used.
  if (account === null || account.startsWith('api-token/')) return;
  const speaker = { account, groups: JSON.parse(groups ?? '[]') as string[] };
  if (await stillMay(trx, speaker, (access) => access.in('operate', environment), nowMs)) return;
  throw new XylemError(
    'E_FORBIDDEN',
    `${name ?? account}, who started the plan, may not operate there any more. Who may pauses and resumes it, and is who goes on with it: \`xylem plan pause ${id} --reason …\`, \`xylem plan resume ${id}\`.`,
  );
}

function startOf(
  known: KnownPlan,
  stage: KnownPlan['version']['document']['stages'][number],
  environment: EnvironmentRow,
  {
    who,
    why: said,
    dryRun,
    words,
  }: Pick<Begin, 'who' | 'why'> & {
    readonly dryRun: boolean;
    readonly words: readonly ApprovalWord[];
  },
): StartDeployment {
  const { document, digest, origin } = known.version;
  const { product, kind, version, skipUnfit, urgent, purgeData, passes, forces, deadlineSeconds, change } =
    document;
  const why = said ?? document.why;
  const ring = ringRules(stage);
  return {
    environment,
    kind,
    product,
    who,
    dryRun,
    ...(version === null ? {} : { version }),
    ...(stage.strategy === undefined ? {} : { strategy: stage.strategy }),
    ...(ring === null ? {} : { ringBakeSeconds: ring.bakeSeconds }),
    ...(skipUnfit === undefined ? {} : { skipUnfit }),
    ...(urgent === undefined ? {} : { urgent }),
    ...(why === undefined ? {} : { why }),
    ...(passes === undefined ? {} : { passes }),
    ...(forces === undefined ? {} : { forces }),
    ...(change === undefined ? {} : { change }),
    ...(deadlineSeconds === undefined ? {} : { deadlineSeconds }),
    ...(purgeData === undefined ? {} : { purgeData }),
    plan: {
      id: known.row.id,
      digest,
      author: origin,
      rules: stage.approvals ?? [],
      fourEyes: stage.fourEyes === true,
      gates: stage.gates ?? {},
      words,
    },
  };
}

const mostTold = 10;

const changesText = (environment: string, changes: readonly FactChange[]): string[] =>
  changes.length === 0
    ? [`${environment}: something`]
    : changes.map(({ fact, from, to }) => `${environment}: ${fact} was ${from} and is ${to}`);

function changed({ row }: KnownPlan, changes: readonly string[]): XylemError {
  const more = changes.length > mostTold ? `; and ${changes.length - mostTold} more` : '';
  const next = hasBegun(row)
    ? `Nothing begins there while that is so. \`xylem plan stop ${row.id} --reason …\` ends the plan; another one is for what is left.`
    : `Nothing was begun. \`xylem plan refresh ${row.id}\` makes a new version, which is approved anew.`;
  return new XylemError(
    'E_PLAN_CHANGED',
    `What the plan ${row.id} was made for has changed: ${changes.slice(0, mostTold).join('; ')}${more}. ${next}`,
    { details: { plan: row.id, changes: changes.slice(0, 100) } },
  );
}
