import {
  type Deployment,
  type DeploymentId,
  type EnvironmentId,
  hasEnded,
  initialThreshold,
  type Strategy,
  type Unfit,
  type WantedStrategy,
  waitingFor,
} from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Candidate } from '../gates/gate.ts';
import { passGates } from '../gates/look.ts';
import { keepBefore } from '../verification/befores.ts';
import { auditEnd } from './audit-end.ts';
import { candidateOf, type Wanted } from './candidate.ts';
import { componentsOf, formerRelease, nameOf } from './changes.ts';
import { strategyFor } from './choose-strategy.ts';
import type { DeployingOptions } from './deploying.ts';
import { appendEvent } from './events.ts';
import { holdSkipped } from './host-words.ts';
import { lastRecord } from './records.ts';
import { deployingLock, saveDeployment } from './rows.ts';
import { endDeployment } from './traffic.ts';
import { namesOf } from './unfit.ts';
import { forgetWaiting } from './waiting.ts';

export interface StartDeployment extends Wanted {
  /** Absent: what suits the environment. */
  readonly strategy?: WantedStrategy;
  /** Of a plan's stage that is judged as one; absent: it is judged alone. */
  readonly ringBakeSeconds?: number;
  readonly purgeData?: boolean;
  /** When those who have not come to it are told of, seconds after its begin. */
  readonly deadlineSeconds?: number;
  /** Check everything, make nothing. */
  readonly dryRun?: boolean;
  readonly who: string;
  /** Done in the same transaction, before anything of this one is read; throwing takes all back. */
  readonly before?: (trx: Database) => Promise<void>;
}

type Options = Pick<DeployingOptions, 'db' | 'clock' | 'randomness'>;

/**
 * Makes a deployment, which supersedes a running one of the same product. Nothing is directed yet: `evaluate` does.
 * @returns its id, and the hosts that are left out
 * @throws XylemError of the first closed gate (`gates/look.ts`), E_NOT_FOUND, E_RELEASE_RETIRED, E_WITHDRAWN, E_INPUT (nothing to go back to)
 */
export async function startDeployment(
  options: Options,
  start: StartDeployment,
): Promise<{ readonly id: string; readonly unfit: readonly Unfit[] }> {
  return await options.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(start.environment.id));
    await start.before?.(trx);
    return await beginDeployment(trx, options, start, await candidateOf(trx, start, options.clock.now()));
  });
}

/**
 * `startDeployment` in a transaction of the caller's, which holds the environment's deploying lock since before it read
 * the candidate.
 */
export async function beginDeployment(
  trx: Database,
  { randomness }: Pick<Options, 'randomness'>,
  start: StartDeployment,
  candidate: Candidate,
): Promise<{ readonly id: string; readonly unfit: readonly Unfit[] }> {
  const { unfit, nowMs } = candidate;
  const id = `d-${randomness.bytes(6).toString('hex')}` as DeploymentId;
  const salt = randomness.bytes(16).toString('base64url');
  await passGates(trx, candidate);
  const strategy = await strategyFor(trx, candidate, start.strategy, start.ringBakeSeconds);
  if (start.dryRun === true) return { id, unfit };
  await saveMapping(trx, candidate);
  const returns = await supersede(trx, candidate, { id, strategy }, start.who);
  await forgetWaiting(trx, start.environment.id, start.product);
  const deployment = { ...deploymentFrom(start, candidate, strategy, id, salt), ...returns };
  await insert(trx, deployment, start, nowMs);
  await holdSkipped(trx, deployment);
  const begun = { id, environment: start.environment.id, kind: candidate.kind };
  await keepBefore(trx, begun, candidate.spec.policy, nowMs);
  if (unfit.length > 0) {
    const message = `Left out, without a fitting variant: ${namesOf(unfit)}.`;
    await appendEvent(trx, id, nowMs, { kind: 'unfit', message, details: { hosts: unfit.slice(0, 100) } });
  }
  return { id, unfit };
}

function deploymentFrom(
  start: StartDeployment,
  { kind, product, target, environment, spec, direction }: Candidate,
  strategy: Strategy,
  id: DeploymentId,
  salt: string,
): Deployment {
  return {
    id,
    environment: environment.id as EnvironmentId,
    product,
    kind,
    from: formerRelease(direction),
    to: target === null ? null : nameOf(target),
    components: componentsOf(spec, product, direction, target),
    strategy,
    salt,
    threshold: initialThreshold(kind),
    state: 'running',
    reason: null,
    purgeData: start.purgeData ?? false,
    ...(start.skipUnfit === true ? { skipUnfit: true } : {}),
    ...(start.urgent === true || kind === 'rollback' ? { urgent: true } : {}),
    ...(start.passes === undefined ? {} : { passes: start.passes }),
    ...(start.why === undefined ? {} : { why: start.why }),
  };
}

async function saveMapping(trx: Database, { environment }: Candidate): Promise<void> {
  const { id, yaml, yaml_version } = environment;
  await trx.updateTable('environments').set({ yaml, yaml_version }).where('id', '=', id).execute();
}

/**
 * @returns what a way back goes on with: traffic that is given back, before any host is. One in phases finds out by itself
 * where traffic is.
 */
async function supersede(
  trx: Database,
  { direction, kind, nowMs }: Candidate,
  { id, strategy }: Pick<Deployment, 'id' | 'strategy'>,
  by: string,
): Promise<Pick<Deployment, 'groups'>> {
  const isBack = kind === 'rollback';
  let groups = direction.deployments[0]?.deployment.groups;
  for (const { deployment: older } of direction.deployments) {
    if (hasEnded(older)) continue;
    const reason = `Superseded by ${id}.`;
    if (isBack) {
      const { ended } = await endDeployment(trx, older, { state: 'superseded', reason, by }, nowMs);
      groups = ended.groups;
    } else await saveDeployment(trx, { ...older, state: 'superseded', reason }, nowMs);
    await appendEvent(trx, older.id, nowMs, { kind: 'superseded', message: reason, details: {} });
    const end = { is: 'superseded', was: older.state, reason, by };
    await auditEnd(trx, older, end, await lastRecord(trx, 'deployment_evidence', older.id), nowMs);
  }
  if (!isBack || strategy.kind === 'blue-green' || groups === undefined) return {};
  return waitingFor(groups, nowMs);
}

async function insert(
  trx: Database,
  deployment: Deployment,
  {
    who,
    plan,
    change,
    deadlineSeconds,
  }: Pick<StartDeployment, 'who' | 'plan' | 'change' | 'deadlineSeconds'>,
  nowMs: number,
): Promise<void> {
  const { id, kind, environment, product, to, from, why } = deployment;
  await trx
    .insertInto('deployments')
    .values({
      id,
      kind,
      environment,
      product,
      state: 'running',
      reason: null,
      document: JSON.stringify(deployment),
      created_by: who,
      created_ms: nowMs,
      updated_ms: nowMs,
      finished_ms: null,
      plan: plan?.id ?? null,
      plan_digest: plan?.digest ?? null,
      deadline_ms: deadlineSeconds === undefined ? null : nowMs + deadlineSeconds * 1000,
    })
    .execute();
  const what = to === null ? `Undeploy ${product}` : `${product}@${to.version}`;
  const by = plan === undefined ? who : `${who} by the plan ${plan.id}`;
  const message = `${what} started by ${by}${why === undefined ? '.' : `: ${why}`}`;
  await appendEvent(trx, id, nowMs, { kind: 'started', message, details: {} });
  await appendAudit(trx, nowMs, {
    who,
    what: `deployment.${kind}`,
    subject: `deployment/${id}`,
    environment,
    before: { version: from?.version ?? null },
    after: {
      product,
      version: to?.version ?? null,
      environment,
      ...(why === undefined ? {} : { urgent: deployment.urgent === true, reason: why }),
      ...(deployment.passes === undefined ? {} : { passes: deployment.passes }),
      ...(change === undefined ? {} : { change }),
      ...(plan === undefined ? {} : { plan: plan.id, digest: plan.digest }),
    },
  });
}
