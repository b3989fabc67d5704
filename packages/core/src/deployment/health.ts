import type { AdvancePolicy, HostEvidence } from './deployment.ts';

/**
 * Whether a host is well: it has reported, it was seen within the time after which hosts count as offline, and nothing
 * that it runs has failed, stands still or is unhealthy. Times: milliseconds since 1970. Pure.
 */
export function isWell(
  { lastReport, lastSeen, reported }: Pick<HostEvidence, 'lastReport' | 'lastSeen' | 'reported'>,
  nowMs: number,
  { offlineAfterMs }: Pick<AdvancePolicy, 'offlineAfterMs'>,
): boolean {
  if (lastReport === null || nowMs - Math.max(lastReport, lastSeen ?? 0) > offlineAfterMs) return false;
  return reported.every(
    ({ state, healthy }) => state !== 'failed' && state !== 'stopped' && healthy !== false,
  );
}

/** How many of `all` a share like `90%` demands, rounded up. */
export const shareOf = (share: `${number}%`, all: number): number =>
  Math.ceil((all * Number(share.slice(0, -1))) / 100);
