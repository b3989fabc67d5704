import {
  type Deployment,
  type Digest,
  lastGood,
  type RecallOutcome,
  recallStep,
  XylemError,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { candidateOf } from '../deployments/candidate.ts';
import { deploymentOf, newestDeployments, productDirections } from '../deployments/rows.ts';
import { beginDeployment } from '../deployments/start.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { frozenIn } from '../freezes/rows.ts';
import type { Root } from '../root.ts';
import { type RecallRow, recalledName } from './rows.ts';

export interface TakenBack {
  readonly outcome: RecallOutcome;
  readonly deployment: string | null;
  readonly version: string | null;
  readonly code: string | null;
  readonly message: string | null;
}

const nothing: TakenBack = { outcome: 'none', deployment: null, version: null, code: null, message: null };
/** So much of what an environment ran is looked at for a way back. */
const mostHistory = 200;
/** With these a release can't be gone back to, and an older one may. */
const passedOver: ReadonlySet<string> = new Set([
  'E_NOT_FOUND',
  'E_QUARANTINED',
  'E_RECALLED',
  'E_RELEASE_RETIRED',
  'E_WITHDRAWN',
]);

/**
 * Begins the way back of one environment, or says why there is none; in a transaction that holds its deploying lock.
 * Publishes nothing.
 */
export async function takeBack(
  trx: Database,
  options: Pick<Root, 'clock' | 'randomness'>,
  recall: RecallRow,
  environment: EnvironmentRow,
): Promise<TakenBack> {
  const nowMs = options.clock.now();
  const { product } = recall;
  const release = recall.release as Digest;
  const direction = (await productDirections(trx, environment.id)).find((one) => one.product === product);
  if (direction === undefined) return nothing;
  const step = recallStep({
    release,
    settled: direction.settled?.digest ?? null,
    deployments: direction.deployments.map(({ deployment }) => deployment),
    frozen: (await frozenIn(trx, environment, nowMs)) !== null,
  });
  if (step.kind === 'none') return nothing;
  if (step.kind === 'leaving') {
    const to = direction.deployments[0]?.deployment.to ?? null;
    return { ...nothing, outcome: 'leaving', deployment: step.deployment, version: to?.version ?? null };
  }
  const history = await historyOf(trx, environment.id, product);
  let first: XylemError | null = null;
  for (const { version } of lastGood(history, release)) {
    const start = {
      environment,
      kind: 'rollback' as const,
      product,
      version,
      wayBack: true as const,
      who: `recall/${recall.id}`,
      why: `${recalledName(recall)} was recalled: ${recall.reason}`,
    };
    try {
      const { id } = await beginDeployment(trx, options, start, await candidateOf(trx, start, nowMs));
      return { ...nothing, outcome: 'back', deployment: id, version };
    } catch (error) {
      // Gates throw before anything is written: what this transaction has done before stands.
      if (!(error instanceof XylemError)) throw error;
      first ??= error;
      if (!passedOver.has(error.code)) break;
    }
  }
  const name = fullName(environment);
  const message =
    first?.message ??
    `No release of ${product} has succeeded in ${name} before it. \`xylem undeploy ${product}\` takes it away, or deploy another one.`;
  return { ...nothing, outcome: 'refused', code: first?.code ?? 'E_NOT_FOUND', message };
}

async function historyOf(trx: Database, environment: string, product: string): Promise<Deployment[]> {
  const rows = await newestDeployments(trx, environment, product).limit(mostHistory).execute();
  return rows.map(deploymentOf);
}
