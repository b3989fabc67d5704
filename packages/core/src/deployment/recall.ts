import type { Digest } from '../ids.ts';
import type { Deployment, DeploymentState, ReleaseName } from './deployment.ts';
import { heedsFreezes } from './freeze.ts';

/** Where a product stands in one environment, as far as a recall of one of its releases is concerned. */
export interface RecallPlace {
  /** What is recalled. */
  readonly release: Digest;
  /** What the last deployment that succeeded brought. */
  readonly settled: Digest | null;
  /** Since then, newest first. */
  readonly deployments: readonly Deployment[];
  /** Somebody froze the environment. */
  readonly frozen: boolean;
}

export type RecallStep =
  /** No host is told to run it. */
  | { readonly kind: 'none' }
  /** Another deployment takes it away, and goes on. */
  | { readonly kind: 'leaving'; readonly deployment: string }
  | { readonly kind: 'back' };

/**
 * What a recall does in an environment. Pure. A newer deployment that runs takes the release away faster than a rollback
 * that supersedes it would; one that stands (paused, ended without success, held up by a freeze) does not.
 */
export function recallStep({ release, settled, deployments, frozen }: RecallPlace): RecallStep {
  const isDirected = settled === release || deployments.some(({ to }) => to?.digest === release);
  if (!isDirected) return { kind: 'none' };
  const [newest] = deployments;
  if (newest === undefined || newest.to?.digest === release) return { kind: 'back' };
  if (newest.state === 'running' && !(frozen && heedsFreezes(newest)))
    return { kind: 'leaving', deployment: newest.id };
  return { kind: 'back' };
}

/** One deployment of the past. */
export type FormerDeployment = Pick<Deployment, 'kind' | 'state' | 'to' | 'from'>;

/**
 * The releases that a product may be taken back to, the best first: what a deployment brought with success and nobody
 * went back from since.
 * @param history newest first
 */
export function lastGood(history: readonly FormerDeployment[], recalled: Digest): ReleaseName[] {
  const undone = new Set<Digest>([recalled]);
  const good = new Map<Digest, ReleaseName>();
  for (const { kind, state, to, from } of history) {
    if (state === 'succeeded' && to !== null && !undone.has(to.digest) && !good.has(to.digest))
      good.set(to.digest, to);
    if (kind === 'rollback' && from !== null && !good.has(from.digest)) undone.add(from.digest);
  }
  return [...good.values()];
}

/** What a recall has come to in an environment; `due`: nothing yet. `back`: its rollback has begun. */
export type RecallOutcome = 'due' | 'none' | 'leaving' | 'back' | 'refused';

/** As people are told, with what became of the deployment since. `stopped`: the rollback ended, or stands. */
export type RecallStanding = RecallOutcome | 'going-back' | 'stopped' | 'lifted';

/**
 * Where a recall stands in an environment.
 * @param deployment state of the one that takes it away; null: none does
 */
export function recallStanding(
  outcome: RecallOutcome,
  deployment: DeploymentState | null,
  isLifted: boolean,
): RecallStanding {
  if (isLifted) return 'lifted';
  if (outcome !== 'back') return outcome;
  if (deployment === 'succeeded') return 'back';
  return deployment === 'running' ? 'going-back' : 'stopped';
}

/** Whether an environment is to be looked at again. What the recall began and did not succeed is a person's to look at. */
export function isRecallDue(outcome: RecallOutcome, deployment: DeploymentState | null): boolean {
  if (outcome === 'due' || outcome === 'leaving') return true;
  return outcome === 'back' && deployment === 'superseded';
}
