import type { Deployment, Progress, Verdict } from './deployment.ts';
import { hostCount } from './standing.ts';

/** What the evidence says of a running deployment, and why in one sentence. */
export function verdictOf(
  { strategy, kind }: Pick<Deployment, 'strategy' | 'kind'>,
  progress: Progress,
): { readonly verdict: Verdict; readonly reason: string } {
  const { eligible, done, failed, silent, updating, keptBack, waiting, offline, maxUnavailable } = progress;
  if (eligible === 0) return { verdict: 'no data', reason: 'No host is eligible yet.' };
  if (done === eligible) {
    const what = kind === 'undeploy' ? 'no longer run it' : 'run it and are healthy';
    return { verdict: 'pass', reason: `${hosts(done)} ${what}, as reported.` };
  }
  const limit =
    strategy.kind === 'rolling' && strategy.maxFailed !== undefined
      ? limitOf(strategy.maxFailed, eligible)
      : maxUnavailable - 1;
  if (strategy.kind === 'rolling' && failed > limit) {
    return {
      verdict: 'fail',
      reason: `${hosts(failed)} of ${eligible} failed; at most ${limit} may. No further host is updated.`,
    };
  }
  if (strategy.kind === 'all-at-once' && failed > 0 && updating === 0 && waiting === offline) {
    return { verdict: 'fail', reason: `${hosts(failed)} of ${eligible} failed.` };
  }
  const parts = [
    `${done} of ${eligible} done`,
    updating > keptBack ? `${updating - keptBack} updating` : '',
    keptBack > 0 ? `${keptBack} not before their window, freeze, quota or lock allows it` : '',
    failed > 0 ? `${failed} failed` : '',
    silent > 0 ? `${silent} silent since they were admitted` : '',
    waiting > offline ? `${waiting - offline} waiting for their turn` : '',
    offline > 0 ? `${offline} offline, held until they return` : '',
  ].filter((part) => part !== '');
  const full = strategy.kind === 'rolling' && updating + failed + silent >= maxUnavailable && waiting > 0;
  const stop = full ? `; at most ${maxUnavailable} may be unavailable at once` : '';
  return { verdict: done + failed === 0 ? 'no data' : 'inconclusive', reason: `${parts.join(', ')}${stop}.` };
}

/** `maxFailed: 0` is allowed: then the first failure ends it. */
function limitOf(maxFailed: number | `${number}%`, eligible: number): number {
  return maxFailed === 0 ? 0 : hostCount(maxFailed, eligible);
}

function hosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}
