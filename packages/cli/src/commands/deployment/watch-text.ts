import type { Deployment } from '@xylem/root/contract';
import { counted } from '../../frame/words.ts';

/** How a deployment is looked after once it has succeeded, in words. */
export function watchText({
  state,
  reason,
  until,
  onFail,
  maxFailed,
  eligible,
  failed,
  unheard,
}: NonNullable<Deployment['watch']>): string {
  if (state !== 'watching') return `Watch ${state}: ${reason ?? ''}`;
  const seen =
    eligible === 0 ? '' : `: ${failed} of ${counted(eligible, 'host')} failed, ${unheard} not heard of`;
  const then = onFail === 'rollback' ? 'it goes back by itself' : 'it is reported';
  return `Watched until ${until}${seen}. When more than ${maxFailed} have failed for a minute ${then}.`;
}
