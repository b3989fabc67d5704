import { setTimeout as delay } from 'node:timers/promises';

/** Time as the rest of the code sees it. Tests pass a clock of their own. */
export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01T00:00:00Z. May leap in either direction. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never goes back. For durations. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. Does not keep the process alive by itself if `unref`. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};

/** RFC 3339, UTC, whole seconds, as in the specification: `2026-11-21T03:28:06Z`. */
export function formatTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
