import type { Deployment, Progress, UpdateLimits, Verdict } from './deployment.ts';
import { hostCount, limitOf } from './standing.ts';
import type { StratumCounts } from './turns.ts';
import { hosts } from './words.ts';

/** What the evidence says of a running deployment, and why in one sentence. */
export function verdictOf(
  { strategy, kind }: Pick<Deployment, 'strategy' | 'kind'>,
  progress: Progress,
  strata: ReadonlyMap<string | null, StratumCounts>,
): { readonly verdict: Verdict; readonly reason: string } {
  const { eligible, done, failed, silent, updating, keptBack, waiting, offline, maxUnavailable } = progress;
  if (eligible === 0) return { verdict: 'no data', reason: 'No host is eligible yet.' };
  if (done === eligible) {
    const what = kind === 'undeploy' ? 'no longer run it' : 'run it and are healthy';
    return { verdict: 'pass', reason: `${hosts(done)} ${what}, as reported.` };
  }
  const tooMany = strategy.kind === 'rolling' ? failureLimit(strategy, progress, strata) : null;
  if (tooMany !== null) {
    return {
      verdict: 'fail',
      reason: `${hosts(failed)} of ${eligible} failed; ${tooMany}. No further host is updated.`,
    };
  }
  if (strategy.kind === 'all-at-once' && failed > 0 && updating === 0 && waiting === offline) {
    return { verdict: 'fail', reason: `${hosts(failed)} of ${eligible} failed.` };
  }
  const parts = [
    `${done} of ${eligible} done`,
    updating > keptBack ? `${updating - keptBack} updating` : '',
    keptBack > 0 ? `${keptBack} not before their window, freeze, quota, lock or database allows it` : '',
    failed > 0 ? `${failed} failed` : '',
    silent > 0 ? `${silent} silent since they were admitted` : '',
    waiting > offline ? `${waiting - offline} waiting for their turn` : '',
    offline > 0 ? `${offline} offline, held until they return` : '',
  ].filter((part) => part !== '');
  const unavailable = updating + failed + silent;
  const full = strategy.kind === 'rolling' && unavailable >= maxUnavailable && waiting > 0;
  const within =
    strategy.kind === 'rolling' && strategy.per !== undefined ? `, in each ${strategy.per} its share` : '';
  const stop = full ? `; at most ${maxUnavailable} may be unavailable at once${within}` : '';
  return { verdict: done + failed === 0 ? 'no data' : 'inconclusive', reason: `${parts.join(', ')}${stop}.` };
}

/** How many may fail over all, and whether more did, there or within a value of the label. */
function failureLimit(
  limits: UpdateLimits,
  progress: Progress,
  strata: ReadonlyMap<string | null, StratumCounts>,
) {
  const { failed, eligible, maxUnavailable } = progress;
  const { maxFailed, per } = limits;
  if (maxFailed !== undefined) {
    const limit = limitOf(maxFailed, eligible);
    return failed > limit ? `at most ${limit} may` : null;
  }
  if (failed > maxUnavailable - 1) return `at most ${maxUnavailable - 1} may`;
  if (per === undefined) return null;
  for (const [stratum, one] of strata) {
    const limit = hostCount(limits.maxUnavailable, one.eligible) - 1;
    if (one.failed > limit)
      return `${one.failed} of ${one.eligible} where ${stratum === null ? `${per} is not said` : `${per} = ${stratum}`}, and at most ${limit} may there`;
  }
  return null;
}
