import type { DesiredState } from '@xylem/core';
import type { Clock } from '@xylem/platform';

/** A clock that is wrong, or a policy that opens no more, does not hold states up for longer. */
const mostMs = 24 * 3_600_000;

type Fetch<T> = (signal: AbortSignal, isBackground: boolean) => Promise<T>;

/** Fetches in the background what the newest state leads to while no host may begin it (docs/spec/bandwidth.md). */
export class Ahead {
  readonly #clock: Clock;
  /** Since when nothing newer is served because nobody waits for it; null: it is. */
  #sinceMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * In the background for as long as nobody waits, and then in the foreground: what came by then is kept.
   * @param states newest first
   */
  async fetch<T>(states: readonly DesiredState[], signal: AbortSignal, fetch: Fetch<T>): Promise<T> {
    const forMs = await this.#heldMs(states);
    const fetched = forMs > 0 ? await this.#inBackground(forMs, signal, fetch) : await fetch(signal, false);
    this.#sinceMs = null;
    return fetched;
  }

  /** For how long nobody waits; 0: somebody may, or it is not known. */
  async #heldMs(states: readonly DesiredState[]): Promise<number> {
    const nowMs = this.#clock.now();
    const untilMs = await heldUntilMs(states, nowMs);
    if (untilMs === null) {
      this.#sinceMs = null;
      return 0;
    }
    const monotonicMs = this.#clock.monotonicMs();
    this.#sinceMs ??= monotonicMs;
    return Math.min(this.#sinceMs + mostMs - monotonicMs, untilMs - nowMs);
  }

  async #inBackground<T>(forMs: number, signal: AbortSignal, fetch: Fetch<T>): Promise<T> {
    const due = new AbortController();
    const over = AbortSignal.any([due.signal, signal]);
    this.#clock.sleep(forMs, over).then(
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
}

async function heldUntilMs(states: readonly DesiredState[], nowMs: number): Promise<number | null> {
  const { windows, freezes } = states[0]?.policy ?? {};
  if (windows === undefined && freezes === undefined) return null;
  // Calendars cost memory, and most policies have none.
  const { heldUntil } = await import('@xylem/core/windows');
  try {
    return heldUntil(states, nowMs);
  } catch {
    // What can't be evaluated holds hosts up by itself, and says so there.
    return null;
  }
}
