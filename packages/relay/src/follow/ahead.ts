import type { DesiredState } from '@xylem/core';
import type { Clock } from '@xylem/platform';

/** A clock that is wrong, or a policy that opens no more, does not hold a state up for longer. */
const mostMs = 24 * 3_600_000;

/**
 * For how long nobody waits for what the first of these states leads to: no host may begin it (docs/spec/bandwidth.md).
 * 0: somebody may, or it is not known. @param states newest first
 */
export async function aheadMs(states: readonly DesiredState[], nowMs: number): Promise<number> {
  const { windows, freezes } = states[0]?.policy ?? {};
  if (windows === undefined && freezes === undefined) return 0;
  // Calendars cost memory, and most policies have none.
  const { heldUntil } = await import('@xylem/core/windows');
  try {
    const untilMs = heldUntil(states, nowMs);
    return untilMs === null ? 0 : Math.min(mostMs, untilMs - nowMs);
  } catch {
    // What can't be evaluated holds hosts up by itself, and says so there.
    return 0;
  }
}

/** Fetches in the background for so long, and then in the foreground: what came by then is kept. */
export async function aheadFirst<T>(
  clock: Clock,
  forMs: number,
  signal: AbortSignal,
  fetch: (signal: AbortSignal, isBackground: boolean) => Promise<T>,
): Promise<T> {
  if (forMs <= 0) return await fetch(signal, false);
  const due = new AbortController();
  const over = AbortSignal.any([due.signal, signal]);
  clock.sleep(forMs, over).then(
    () => due.abort(),
    () => undefined,
  );
  try {
    return await fetch(over, true);
  } catch (error) {
    signal.throwIfAborted();
    if (!due.signal.aborted) throw error;
  } finally {
    due.abort();
  }
  return await fetch(signal, false);
}
