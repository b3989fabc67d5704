import { hasFailedBefore, type Strata } from './counts.ts';
import type { Deployment, HostEvidence, Progress, UpdateLimits, Verdict } from './deployment.ts';
import { hostCount, limitOf } from './standing.ts';
import { hosts, nobodyText, skippedText } from './words.ts';

/** What the evidence says of a running deployment, and why in one sentence. */
export function verdictOf(
  { strategy, kind }: Pick<Deployment, 'strategy' | 'kind'>,
  progress: Progress,
  strata: Strata,
  skipped: readonly HostEvidence[],
): { readonly verdict: Verdict; readonly reason: string } {
  const { eligible, done, failed, silent, updating, keptBack, waiting, offline, maxUnavailable } = progress;
  if (eligible === 0) return { verdict: 'no data', reason: nobodyText(progress) };
  if (done === eligible) {
    const what = kind === 'undeploy' ? 'no longer run it' : 'run it and are healthy';
    return { verdict: 'pass', reason: `${hosts(done)} ${what}, as reported${skippedText(progress, '; ')}.` };
  }
  const tooMany = strategy.kind === 'rolling' ? failureLimit(strategy, progress, strata, skipped) : null;
  if (tooMany !== null) {
    return {
      verdict: 'fail',
      reason: `${tooMany}. No further host is updated.`,
    };
  }
  const counted = failuresIn(strata) + skipped.filter(hasFailedBefore).length;
  if (strategy.kind === 'all-at-once' && counted > 0 && updating === 0 && waiting === offline) {
    return {
      verdict: 'fail',
      reason: `${hosts(counted)} of ${eligible + (progress.skippedFailed ?? 0)} failed.`,
    };
  }
  const parts = [
    `${done} of ${eligible} done`,
    updating > keptBack ? `${updating - keptBack} updating` : '',
    keptBack > 0 ? `${keptBack} not before their window, freeze, quota, lock or database allows it` : '',
    failed > 0 ? `${failed} failed` : '',
    silent > 0 ? `${silent} silent since they were admitted` : '',
    waiting > offline ? `${waiting - offline} waiting for their turn` : '',
    offline > 0 ? `${offline} offline, held until they return` : '',
    skippedText(progress),
  ].filter((part) => part !== '');
  const unavailable = updating + failed + silent;
  const full = strategy.kind === 'rolling' && unavailable >= maxUnavailable && waiting > 0;
  const within =
    strategy.kind === 'rolling' && strategy.per !== undefined ? `, in each ${strategy.per} its share` : '';
  const stop = full ? `; at most ${maxUnavailable} may be unavailable at once${within}` : '';
  return { verdict: done + failed === 0 ? 'no data' : 'inconclusive', reason: `${parts.join(', ')}${stop}.` };
}

/** Of hosts that are still waited for. */
const failuresIn = (strata: Strata): number =>
  [...strata.values()].reduce((sum, { failed }) => sum + failed, 0);

/** Why more have failed than may, over all or within a value of the label; null: they have not. */
function failureLimit(
  limits: UpdateLimits,
  progress: Progress,
  strata: Strata,
  skipped: readonly HostEvidence[],
) {
  const { eligible, maxUnavailable } = progress;
  const { maxFailed, per } = limits;
  const lost = skipped.filter(hasFailedBefore);
  const failed = failuresIn(strata) + lost.length;
  const said = `${hosts(failed)} of ${eligible + lost.length} failed`;
  const most = maxFailed === undefined ? maxUnavailable - 1 : limitOf(maxFailed, eligible);
  if (failed > most) return `${said}; at most ${most} may`;
  if (maxFailed !== undefined || per === undefined) return null;
  for (const [stratum, one] of [...strata].sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1))) {
    const limit = hostCount(limits.maxUnavailable, one.eligible) - 1;
    const lostThere = lost.filter((host) => (host.stratum ?? null) === stratum).length;
    const there = one.failed + lostThere;
    if (there > limit)
      return `${said}; ${there} of ${one.eligible + lostThere} where ${stratum === null ? `${per} is not said` : `${per} = ${stratum}`}, and at most ${limit} may there`;
  }
  return null;
}
