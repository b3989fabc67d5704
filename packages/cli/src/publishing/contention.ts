import { XylemError } from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';

/** What waiting for one's turn needs. */
export interface Patience {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly signal?: AbortSignal;
}

/** So long others may come first: with 100 publishers of one product each still has its turn. */
const givesUpAfterMs = 180_000;
const firstPauseMs = 50;
const longestPauseMs = 2_000;

/**
 * Makes a change anew, from what is there then, while others' changes overtake it. Pauses are drawn from a range that
 * doubles, so that many who lost at once do not meet again at once.
 * @throws XylemError what `attempt` throws for another reason; E_CONFLICT after three minutes of losing
 */
export async function whileOvertaken<T>(
  { clock, randomness, signal }: Patience,
  attempt: () => Promise<T>,
): Promise<T> {
  const startedMs = clock.monotonicMs();
  for (let lost = 0; ; lost += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isOvertaken(error) || clock.monotonicMs() - startedMs > givesUpAfterMs) throw error;
    }
    const rangeMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(lost, 10));
    await clock.sleep(rangeMs * randomness.fraction(), signal);
  }
}

/** The root server names both versions where a role was made from an older one than is there (its `requireBase`). */
function isOvertaken(error: unknown): boolean {
  if (!(error instanceof XylemError) || error.code !== 'E_CONFLICT') return false;
  const { baseVersion, version } = error.details ?? {};
  return typeof baseVersion === 'number' && typeof version === 'number' && baseVersion !== version;
}
