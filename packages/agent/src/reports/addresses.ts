import { addressLimits, saidAddresses } from '@xylem/core';
import { type Clock, ownAddresses } from '@xylem/platform';

/** What a report says of this host's addresses, looked at with each report: other ones once they have stayed. */
export function stayingAddresses(
  clock: Pick<Clock, 'monotonicMs'>,
  look: () => readonly string[] = ownAddresses,
): () => readonly string[] {
  let said: readonly string[] = [];
  let seen = said;
  let seenMs = clock.monotonicMs();
  return () => {
    const now = saidAddresses(look());
    if (now.join() !== seen.join()) {
      seen = now;
      seenMs = clock.monotonicMs();
    }
    if (said.length === 0 || clock.monotonicMs() - seenMs >= addressLimits.stayMs) said = seen;
    return said;
  };
}
