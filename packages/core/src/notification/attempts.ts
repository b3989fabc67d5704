/** What became of one attempt to deliver. */
export type AttemptOutcome =
  | { readonly kind: 'delivered' }
  /** The receiver wants nothing more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly retryAfterMs?: number };

export interface PendingDelivery {
  /** Before this one. */
  readonly attempts: number;
  readonly queuedMs: number;
}

export type AfterAttempt =
  | { readonly state: 'delivered' | 'dead' }
  | { readonly state: 'pending'; readonly nextMs: number };

const firstWaitMs = 10_000;
const longestWaitMs = 4 * 3600_000;
const mostAttempts = 15;
const longestMs = 72 * 3600_000;
const jitter = 0.2;

/** So many failures of one delivery hold up those behind it; then they overtake it. */
export const holdingAttempts = 5;

/** @param fraction by chance, from 0 to below 1: so that many that failed together do not come back together */
export function afterAttempt(
  { attempts, queuedMs }: PendingDelivery,
  outcome: AttemptOutcome,
  nowMs: number,
  fraction: number,
): AfterAttempt {
  if (outcome.kind === 'delivered') return { state: 'delivered' };
  if (outcome.kind === 'gone' || attempts + 1 >= mostAttempts || nowMs - queuedMs >= longestMs)
    return { state: 'dead' };
  const waitMs = Math.min(firstWaitMs * 3 ** attempts, longestWaitMs) * (1 - jitter + 2 * jitter * fraction);
  const askedMs = Math.min(outcome.retryAfterMs ?? 0, longestWaitMs);
  return { state: 'pending', nextMs: nowMs + Math.round(Math.max(waitMs, askedMs)) };
}
