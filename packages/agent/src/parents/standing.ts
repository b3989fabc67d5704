import type { XylemError } from '@xylem/core';

/** How one parent did lately. Times are monotonic milliseconds. */
export interface Standing {
  readonly faults: number;
  /** Until then others come first. */
  readonly avoidUntilMs: number;
}

export const goodStanding: Standing = { faults: 0, avoidUntilMs: 0 };

const firstAvoidMs = 1_000;
const firstAvoidOfLiarMs = 60_000;

/** Faults that say that a parent can't be reached or lags; all others mean that what it gave was wrong. */
const silences: ReadonlySet<string> = new Set([
  'E_PARENT_UNREACHABLE',
  'E_PARENT_STALE',
  'E_PARENT_REFUSED',
  'E_NETWORK',
  // Older metadata than what another parent gave: a relay that is a moment behind looks like this.
  'E_METADATA_ROLLBACK',
]);

/**
 * After a fault: avoided for 1 s doubling to `maxAvoidMs`, a minute at least for a lie, all with jitter so that the
 * children of a dead parent neither leave nor come back together. Pure.
 */
export function afterFault(
  before: Standing,
  error: XylemError,
  nowMs: number,
  fraction: number,
  maxAvoidMs: number,
): Standing {
  const faults = before.faults + 1;
  const first = silences.has(error.code) ? firstAvoidMs : firstAvoidOfLiarMs;
  const avoidMs = Math.min(maxAvoidMs, first * 2 ** Math.min(faults - 1, 20)) * (0.75 + fraction / 2);
  return { faults, avoidUntilMs: nowMs + avoidMs };
}

/** `urls` in their order, those to be avoided last, the soonest forgiven first. Pure. */
export function inStanding(
  urls: readonly string[],
  standings: ReadonlyMap<string, Standing>,
  nowMs: number,
): string[] {
  const untilMs = (url: string): number => standings.get(url)?.avoidUntilMs ?? 0;
  const good = urls.filter((url) => untilMs(url) <= nowMs);
  const rest = urls.filter((url) => untilMs(url) > nowMs);
  return [...good, ...rest.sort((a, b) => untilMs(a) - untilMs(b))];
}
