import type { XylemError } from '@xylem/core';

/** How one source did lately. Times are monotonic milliseconds. */
export interface Standing {
  /** Outages, since it was last good for long. */
  readonly faults: number;
  /** Until then others come first; in the past: since then it is good. */
  readonly avoidUntilMs: number;
}

export const neverAsked: Standing = { faults: 0, avoidUntilMs: Number.NEGATIVE_INFINITY };

const firstAvoidMs = 1_000;
const firstAvoidOfLiarMs = 60_000;

/** Faults that say that a source can't be reached or lags; all others mean that what it gave was wrong. */
const silences: ReadonlySet<string> = new Set([
  'E_PARENT_UNREACHABLE',
  'E_PARENT_STALE',
  'E_PARENT_REFUSED',
  'E_NETWORK',
  'E_PROXY',
  // Older metadata than what another gave, or not all of it: a relay that is a moment behind looks like this.
  'E_METADATA_EXPIRED',
  'E_METADATA_MISSING',
  'E_METADATA_ROLLBACK',
]);

export function isSilence({ code }: XylemError): boolean {
  return silences.has(code);
}

/**
 * After a fault: avoided for 1 s doubling to `maxAvoidMs`, a minute at least for a lie, all with jitter so that the
 * children of a dead parent neither leave nor come back together. Faults of one outage count once; only a parent that
 * was good for `maxAvoidMs` begins anew, so that one which comes and goes is not returned to each time. Pure.
 */
export function afterFault(
  before: Standing,
  error: XylemError,
  nowMs: number,
  fraction: number,
  maxAvoidMs: number,
): Standing {
  const isOutageKnown = nowMs < before.avoidUntilMs;
  const isForgotten = nowMs - before.avoidUntilMs > maxAvoidMs;
  const faults = isForgotten ? 1 : isOutageKnown ? before.faults : before.faults + 1;
  const first = isSilence(error) ? firstAvoidMs : firstAvoidOfLiarMs;
  const avoidMs = Math.min(maxAvoidMs, first * 2 ** Math.min(faults - 1, 20)) * (0.75 + fraction / 2);
  // Whoever is full says when to come again: not all at that moment.
  const asked = error.details.retryAfterMs;
  const askedMs = typeof asked === 'number' ? asked * (1 + fraction) : 0;
  return { faults, avoidUntilMs: Math.max(before.avoidUntilMs, nowMs + Math.max(avoidMs, askedMs)) };
}

/** After an answer: avoided no longer, and what was is not forgotten at once. Pure. */
export function afterAnswer(before: Standing, nowMs: number): Standing {
  return { ...before, avoidUntilMs: Math.min(before.avoidUntilMs, nowMs) };
}

/**
 * In how many milliseconds the first of `urls` is avoided no longer; null where none of them is avoided. Pure.
 * @param asOfMs when others were taken instead: who was avoided then may be forgiven by now, which is no wait, not none
 */
export function untilForgivenMs(
  urls: readonly string[],
  standings: ReadonlyMap<string, Standing>,
  nowMs: number,
  asOfMs = nowMs,
): number | null {
  const untils = urls
    .map((url) => standings.get(url)?.avoidUntilMs ?? 0)
    .filter((untilMs) => untilMs > asOfMs);
  return untils.length === 0 ? null : Math.max(0, Math.min(...untils) - nowMs);
}

/** The sooner of two waits; null: no wait. Pure. */
export function sooner(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
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
