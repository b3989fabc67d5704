import { type Clock, systemClock } from '@xylem/platform';

/** The system's time, and what a test lets pass beside it: for durations of minutes over real connections. */
interface LeapingClock extends Clock {
  /** So much time has passed at once. Who has slept long enough by then wakes. */
  leap(ms: number): void;
}

export function leapingClock(): LeapingClock {
  let aheadMs = 0;
  const sleepers = new Set<() => void>();
  const monotonicMs = (): number => systemClock.monotonicMs() + aheadMs;
  const sleepUntil = async (endMs: number, signal: AbortSignal | undefined): Promise<void> => {
    for (let leftMs = endMs - monotonicMs(); leftMs > 0; leftMs = endMs - monotonicMs()) {
      const leapt = new AbortController();
      const look = (): void => leapt.abort();
      sleepers.add(look);
      const either = signal === undefined ? leapt.signal : AbortSignal.any([signal, leapt.signal]);
      await systemClock.sleep(leftMs, either).catch(() => signal?.throwIfAborted());
      sleepers.delete(look);
    }
  };
  return {
    now: () => systemClock.now() + aheadMs,
    monotonicMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      await sleepUntil(monotonicMs() + ms, signal);
    },
    leap: (ms) => {
      aheadMs += ms;
      for (const look of sleepers) look();
    },
  };
}
