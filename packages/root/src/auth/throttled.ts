import { XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { Database } from '../db/tables.ts';
import { countAttempt, forgiveAttempt } from './throttle.ts';

interface Throttling {
  readonly db: Database;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'warn'>;
}

/** Counted apart, so that a job or a command line that goes wrong over and over keeps no person out: `address`. */
type AttemptKind = 'address' | 'ci' | 'device';

export const attemptKey = (kind: AttemptKind, from: string | null): string => `${kind}/${from ?? ''}`;

/**
 * Counts an attempt of an address before it is looked at. If the issuer and not they were at fault it is taken back, and
 * so it is if it was right. A CI job that was right clears what others of its address did wrong: nobody can guess a
 * signature, and many jobs share one address.
 * @throws XylemError E_THROTTLED, and what the attempt throws
 */
export async function throttled<T>(
  { db, clock, log }: Throttling,
  { from, kind }: { readonly from: string | null; readonly kind: AttemptKind },
  attempt: () => Promise<T>,
): Promise<T> {
  const address = attemptKey(kind, from);
  await countAttempt(db, [address], clock.now());
  try {
    const done = await attempt();
    await forgiveAttempt(db, kind === 'ci' ? address : null, address);
    return done;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    if (error.code === 'E_ISSUER') await forgiveAttempt(db, null, address);
    warnOfFailure(log, error, { from, kind });
    throw error;
  }
}

/** For whoever watches the log: why, by what, and from where; never what was shown. */
export function warnOfFailure(
  log: Pick<Log, 'warn'>,
  { code, details }: XylemError,
  { from, kind }: { readonly from: string | null; readonly kind: AttemptKind },
): void {
  log.warn('a sign-in by an issuer failed', { kind, code, ...details, from });
}
