import { XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { Database } from '../../db/tables.ts';
import { countAttempt, forgiveAttempt } from '../throttle.ts';

interface Throttling {
  readonly db: Database;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Counts an attempt of an address before it is looked at, and takes it back if it was right, or if not they but the
 * issuer was at fault.
 * @throws XylemError E_THROTTLED, and what the attempt throws
 */
export async function throttled<T>(
  { db, clock, log }: Throttling,
  from: string | null,
  attempt: () => Promise<T>,
): Promise<T> {
  const address = `address/${from ?? ''}`;
  await countAttempt(db, [address], clock.now());
  try {
    const done = await attempt();
    await forgiveAttempt(db, null, address);
    return done;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    if (error.code === 'E_ISSUER') await forgiveAttempt(db, null, address);
    log.warn('a sign-in by an issuer failed', { code: error.code, ...error.details, from });
    throw error;
  }
}
