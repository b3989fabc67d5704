import type { Clock } from '@xylem/platform';

/** Lets a loop sleep until something happens. What happens while it does not sleep is not lost. */
export interface Wake {
  wake(): void;
  /** Until `wake`, or `ms` have passed. @throws the signal's reason */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export function wakeable(clock: Clock): Wake {
  let woken = new AbortController();
  return {
    wake: () => woken.abort(),
    sleep: async (ms, signal) => {
      await clock.sleep(Math.max(1, ms), AbortSignal.any([signal, woken.signal])).catch(() => undefined);
      signal.throwIfAborted();
      woken = new AbortController();
    },
  };
}
